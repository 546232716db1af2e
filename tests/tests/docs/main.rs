//! Documents say what the templates say: generated from them, and held to them.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

mod bill;
mod configuration;
mod cost;
mod inventory;
mod links;
mod messages;
mod permissions;
mod price_list;
mod readme;
mod statement;
mod types;

use tests::document::hold;

/// Whether the documents are to be written; see [`tests::document::COMMAND`].
// The environment is how somebody asks a test to write; nothing else is read from it.
#[allow(clippy::disallowed_methods)]
fn update() -> bool {
    std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1")
}

#[test]
fn permissions_are_those_of_the_templates() {
    hold("docs/permissions.md", &permissions::parts(), update());
}

#[test]
fn costs_are_computed_from_the_templates_and_the_price_list() {
    hold("docs/cost.md", &cost::parts(), update());
}

#[test]
fn messages_are_those_that_the_functions_write() {
    hold("docs/messages.md", &messages::parts(), update());
}

#[test]
fn the_readme_is_true() {
    hold("README.md", &readme::parts(), update());
}

#[test]
fn everything_that_can_be_set_is_documented() {
    hold("docs/configuration.md", &configuration::parts(), update());
}
