//! `cargo xtask`: the project's own commands.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::local::Local;
use xtask::{bench, circles, demo, deploy, fuzz, local, screen, simulate, test};

/// The project's own commands
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Deploy the real templates and functions to a local cloud, play a story, check every step
    Demo(demo::Args),
    /// Run everything that is tested: fmt, lints, units, properties, events, templates, stories, scenarios
    Test(test::Args),
    /// Play the automation against a model of AWS at its worst: many seeds, every law
    Simulate(simulate::Args),
    /// Hand broken input to every parser of the product, for as long as you like
    Fuzz(fuzz::Args),
    /// The local cloud, left running to play with
    #[command(subcommand)]
    Local(Local),
    /// Deploy a stage to AWS: checks, both stacks, and what is left to do
    Deploy(deploy::Args),
    /// Find import circles inside any folder of sources
    Circles(circles::Args),
    /// Measure the rollout function against the same job in Python and Node
    Bench(bench::Args),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Demo(args) => demo::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Local(command) => local::run(&command),
        Command::Deploy(args) => deploy::run(&args),
        Command::Circles(args) => circles::run(&args),
        Command::Bench(args) => bench::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{}", screen::failure(&error));
            ExitCode::FAILURE
        }
    }
}
