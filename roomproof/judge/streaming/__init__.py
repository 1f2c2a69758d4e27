"""The streaming judge: findings while a load run goes on, in bounded memory. Pure."""
