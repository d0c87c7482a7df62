"""What is seen of one photograph: its page is filled by several kinds."""
