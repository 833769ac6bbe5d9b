//! The Step Functions API, whatever carries it.
