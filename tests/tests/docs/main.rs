//! Documents say what the templates say: generated from them, and held to them.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

mod alarms;
mod bill;
mod configuration;
mod cost;
mod inventory;
mod links;
mod messages;
mod permissions;
mod price_list;
mod requests;
mod schema;
mod statement;
mod types;
mod uninstall;
mod words;

use tests::document::hold;

/// Whether the documents are to be written; see [`tests::document::COMMAND`].
// The environment is how an engineer asks a test to write; nothing else is read from it.
#[allow(clippy::disallowed_methods)]
fn update() -> bool {
    std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1")
}

#[test]
fn permissions_are_those_of_the_templates() {
    hold("docs/reference/permissions.md", &permissions::parts(), update());
}

#[test]
fn costs_are_computed_from_the_templates_and_the_price_list() {
    hold("docs/reference/cost.md", &cost::parts(), update());
}

#[test]
fn messages_are_those_that_the_functions_write() {
    hold("docs/operations/messages.md", &messages::parts(), update());
}

#[test]
fn what_is_retained_is_listed_with_its_removal() {
    hold("docs/operations/uninstall.md", &uninstall::parts(), update());
}

#[test]
fn everything_that_can_be_set_is_documented() {
    hold("docs/reference/configuration.md", &configuration::parts(), update());
}

#[test]
fn the_schema_of_the_configuration_is_that_of_the_types() {
    schema::hold(update());
}
