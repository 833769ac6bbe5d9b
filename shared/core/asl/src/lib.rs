//! Amazon States Language: a definition is parsed, validated and compiled to a Program.
