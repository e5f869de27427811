"""Reports, the queue of those who keep order on the site, decisions and what people answer to them."""
