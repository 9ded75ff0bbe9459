"""The book's schema, revision by revision; node.book.upgrade runs them."""
