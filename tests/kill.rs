//! A process that is killed at any moment, and goes on.
