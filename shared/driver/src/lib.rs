//! The driver: load, apply, append, dispatch.
