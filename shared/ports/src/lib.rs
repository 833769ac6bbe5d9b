//! What the driver needs from the world: the traits that adapters fulfil, and the tests they must pass.
