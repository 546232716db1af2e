//! Programs that are run with their output in a log file; the error of one that fails has its last lines.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::spawn;

use anyhow::{Context, Result, bail};

use crate::screen::Detail;

/// Lines of a failed program's output that are shown.
const LAST_LINES: usize = 25;

/// Removes the variables that cargo sets for the programs that it runs.
///
/// A build started from one (`cargo xtask`, a test) would look new to build scripts that read any of it, and everything
/// above them would be compiled again.
pub fn forget_cargo(command: &mut Command) {
    let own = ["CARGO_BIN_", "CARGO_CRATE_NAME", "CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"];
    let names = std::env::vars_os().map(|(name, _)| name);
    for name in names.filter(|name| own.iter().any(|own| name.to_string_lossy().starts_with(own))) {
        command.env_remove(name);
    }
}

/// Compiles a program of a package with optimisation, and runs it with these options.
pub fn optimised(root: &Path, (package, program): (&str, &str), options: &[&str]) -> Command {
    let mut cargo = Command::new("cargo");
    forget_cargo(&mut cargo);
    cargo.args(["run", "--quiet", "--profile", "measure", "--package", package, "--bin", program, "--"]).args(options);
    cargo.current_dir(root);
    cargo
}

/// Runs `command` to its end. Its output goes to `log`, its latest line to `detail`.
///
/// # Errors
/// When it cannot be started or ends with another code than 0; the error shows its last lines.
pub fn run(mut command: Command, log: &Path, detail: &Detail) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let name = Path::new(&name).file_name().map_or(name.clone(), |name| name.to_string_lossy().into_owned());
    let file = File::create(log).with_context(|| format!("create {}", log.display()))?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("start {name}"))?;
    let output = Arc::new(Mutex::new((file, Vec::<String>::new())));
    let pipes: [Option<Box<dyn std::io::Read + Send>>; 2] =
        [child.stdout.take().map(|pipe| Box::new(pipe) as _), child.stderr.take().map(|pipe| Box::new(pipe) as _)];
    let readers: Vec<_> = pipes
        .into_iter()
        .flatten()
        .map(|pipe| {
            let (output, detail) = (Arc::clone(&output), detail.clone());
            spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    if !line.trim().is_empty() {
                        detail.set(line.trim());
                    }
                    if let Ok(mut output) = output.lock() {
                        // The log is for reading afterwards; a full disk shows elsewhere soon enough.
                        let _ = writeln!(output.0, "{line}");
                        output.1.push(line);
                    }
                }
            })
        })
        .collect();
    let status = child.wait().with_context(|| format!("wait for {name}"))?;
    for reader in readers {
        let _ = reader.join();
    }
    if !status.success() {
        let lines = output.lock().map(|output| output.1.clone()).unwrap_or_default();
        let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n    ");
        bail!("{name} failed ({status}); its last lines:\n    {last}\n  everything it said: {}", log.display());
    }
    Ok(())
}
