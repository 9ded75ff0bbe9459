"""The routes, a file for each noun: a function from an institution to a router that only records or reads."""
