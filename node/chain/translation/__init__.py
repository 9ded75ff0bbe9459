"""The EVM's hot paths as Python: stretches of contract code compiled to functions, exact to the unit of gas."""
