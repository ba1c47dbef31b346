"""What clusters mean: descriptions that can be true or false of each item, chosen and tested."""
