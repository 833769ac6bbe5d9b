//! The API through the official SDK for Rust, and through raw HTTP.
