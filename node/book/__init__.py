"""One institution's book: payments, messages, accounts, quotes, nonces. The only room that speaks SQL."""
