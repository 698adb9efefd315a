"""Files to and from other houses: banks' batches, billers' days, and what they answer."""
