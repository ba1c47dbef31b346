"""Who uses a server with login, and what each may do with projects, studies and reviews."""
