//! Resource types that the emulator does not support, removed from a copy of the templates and listed each time.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::client::Client;
use crate::screen::{Line, Paint, labelled_as};
use crate::tools::Tools;

/// Removes from a template, and from those nested in it, what the emulator would refuse, and lists the types with the reason. The
/// files are changed: they are what `sam build` wrote, or copies.
///
/// # Errors
/// When the templates cannot be read.
pub fn remove_unsupported(tools: &Tools, client: &Client, template: &Path) -> Result<()> {
    let known = client.call("local", "resource-types", json!({}))?;
    let types = template.with_file_name("resource-types.json");
    std::fs::write(&types, known["types"].to_string()).with_context(|| format!("write {}", types.display()))?;
    let mut program = tools.python("templates.py");
    let answer = program.arg(template).arg(&types).output().context("read the built templates")?;
    ensure!(answer.status.success(), "templates.py: {}", String::from_utf8_lossy(&answer.stderr));
    let removed: Value = serde_json::from_slice(&answer.stdout).context("understand what was removed")?;
    for (kind, why) in removed.as_object().into_iter().flatten() {
        labelled_as(Line::Detail, "left out", Paint::Dim, &format!("{kind}: {}", why.as_str().unwrap_or_default()));
    }
    Ok(())
}
