"""Members' money: orders, the one way they are carried out, and what others answer to them."""
