"""What members and the desk see of money: products, movements, operations, receipts."""
