//! `stepwell`: Amazon States Language workflows on one machine, durable, with the Step Functions API.

mod commands;
mod config;
mod definition;
mod log;
mod progress;
mod server;
mod stack;
mod terminal;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Executions are made of many small texts that one thread makes and another frees.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// AWS Step Functions without AWS Step Functions.
#[derive(Debug, Parser)]
#[command(name = "stepwell", version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measures this binary on this machine.
    Bench(commands::bench::Arguments),
    /// Signs the requests of any Step Functions client for the API in your AWS account.
    Proxy(commands::proxy::Arguments),
    /// Reckons what executions cost in an AWS account.
    Cost(commands::cost::Arguments),
    /// Prints the IAM policy that the role of a state machine needs.
    Iam(commands::iam::Arguments),
    /// Runs a definition to its end, and shows each state as it happens.
    Run(commands::run::Arguments),
    /// Serves the Step Functions API.
    Serve(commands::serve::Arguments),
    /// Checks definitions.
    Validate(commands::validate::Arguments),
    /// Drives the executions of a stack in your AWS account from this machine.
    Worker(commands::worker::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log::begin();
    let code = match arguments.command {
        Command::Bench(arguments) => commands::bench::run(arguments),
        Command::Proxy(arguments) => commands::proxy::run(arguments),
        Command::Cost(arguments) => commands::cost::run(&arguments),
        Command::Iam(arguments) => commands::iam::run(&arguments),
        Command::Run(arguments) => commands::run::run(arguments),
        Command::Serve(arguments) => commands::serve::run(arguments),
        Command::Validate(arguments) => commands::validate::run(&arguments),
        Command::Worker(arguments) => commands::worker::run(arguments),
    };
    match code {
        Ok(code) => code,
        Err(error) => {
            eprintln!("stepwell: {}", terminal::lines(&error.to_string()));
            ExitCode::from(commands::USAGE)
        }
    }
}
