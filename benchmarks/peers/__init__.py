"""The stock recipes that loanword is held against, as short as they are written by those who use them."""
