//! The catalogue of integrations: what a Task state's Resource means; data and pure mappings, no calls.
