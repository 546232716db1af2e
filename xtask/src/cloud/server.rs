//! The emulator's process.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anyhow::{Context, Result, bail};

use crate::client::Address;
use crate::folders::{folder, logs};
use crate::tools::Tools;

/// When does the emulator end?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// With this process, however that ends: it sees its standard input close.
    OurOwn,
    /// When it is stopped.
    Stays,
}

/// The emulator, ended and cleaned up after when dropped.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: Address,
    child: Child,
    home: PathBuf,
    stays: bool,
}

impl Server {
    /// Starts it and waits until it listens.
    ///
    /// # Errors
    /// With its last lines when it ends instead.
    pub fn start(tools: &Tools, life: Life) -> Result<Server> {
        let home = folder(format!("run-{}", std::process::id()))?;
        let log = home.join("emulator.log");
        let mut command = tools.python("server.py");
        let errors = File::create(&log).with_context(|| format!("create {}", log.display()))?;
        // The functions' code is unpacked below TMPDIR: two clouds at once must not share it.
        command.env("TMPDIR", &home).env("LOCAL_CLOUD_HOME", &home).stdout(Stdio::piped()).stderr(errors);
        match life {
            Life::OurOwn => command.stdin(Stdio::piped()),
            Life::Stays => command.arg("--stay").stdin(Stdio::null()).process_group(0),
        };
        let mut child = command.spawn().context("start the emulator")?;
        let mut line = String::new();
        let output = child.stdout.take().context("the emulator has no output")?;
        BufReader::new(output).read_line(&mut line).context("wait for the emulator")?;
        let Ok(address) = serde_json::from_str(&line) else {
            let _ = child.kill();
            let _ = child.wait();
            let said = fs::read_to_string(&log).unwrap_or_default();
            let lines: Vec<&str> = said.lines().collect();
            bail!(
                "The emulator did not start; its last lines:\n    {}",
                lines[lines.len().saturating_sub(15)..].join("\n    ")
            );
        };
        Ok(Server { address, child, home, stays: false })
    }

    /// Lets it run on when this value is dropped.
    pub fn leave(mut self) {
        self.stays = true;
    }

    /// Its folder, removed with it.
    pub fn home(&self) -> &Path {
        &self.home
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.stays {
            return;
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Its last lines are of use when something went wrong.
        if let Ok(logs) = logs() {
            let _ = fs::copy(self.home.join("emulator.log"), logs.join("emulator.log"));
        }
        let _ = fs::remove_dir_all(&self.home);
    }
}

#[cfg(test)]
mod tests {
    use regex_lite::Regex;

    use crate::tools::root;

    #[test]
    fn the_emulator_replaces_parts_of_the_version_that_is_installed() {
        let read = |file: &str| std::fs::read_to_string(root().join("xtask").join(file)).unwrap();
        let version = Regex::new(r#"(?m)^MINISTACK = "(.+)"$"#).unwrap();
        let written_for = version.captures(&read("emulator/patches.py")).unwrap()[1].to_owned();
        assert!(
            read("requirements.txt").lines().any(|line| line == format!("ministack=={written_for}")),
            "{written_for}"
        );
    }
}
