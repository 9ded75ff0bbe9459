"""The book's schema, revision by revision; node.book.revisions runs them when a book is opened.

A change of node.book.tables needs a new file in versions/; the test of migrations prints what it must do.
"""
