"""What the local chain costs, measured beside eth-tester and Anvil in one run."""
