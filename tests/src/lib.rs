//! Tests of the whole: events, templates, scenarios.
