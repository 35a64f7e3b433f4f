"""What decorators wrote down, joined: into a module's schema and what calling its functions needs, or
into a list of all that is wrong with it."""
