"""The streaming judge: the same findings while a load run goes on, in bounded memory. Pure."""
