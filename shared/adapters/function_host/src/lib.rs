//! Runs Lambda functions as local processes behind an embedded Lambda Runtime API.
