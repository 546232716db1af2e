//! The emulator's process.

use std::fs::{self, DirBuilder, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

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
        let home = private_folder()?;
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

    /// Notes where it is in its folder; the file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note(&self) -> Result<PathBuf> {
        note(&self.address, &self.home)
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

/// A new folder below `.local` that no other user may read.
fn private_folder() -> Result<PathBuf> {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let name = format!("run-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let home = folder("")?.join(name);
    // Left by a process of the same number that was killed.
    let _ = fs::remove_dir_all(&home);
    DirBuilder::new().mode(0o700).create(&home).with_context(|| format!("create {}", home.display()))?;
    Ok(home)
}

/// Writes an address, which has the access key in it, to a file that no other user may read.
fn note(address: &Address, home: &Path) -> Result<PathBuf> {
    let file = home.join("cloud.json");
    let opened = File::options().write(true).create_new(true).mode(0o600).open(&file);
    let written = opened.and_then(|mut noted| noted.write_all(serde_json::to_string(address)?.as_bytes()));
    written.with_context(|| format!("write {}", file.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    use regex_lite::Regex;

    use super::{Address, note, private_folder};
    use crate::tools::root;

    #[test]
    fn no_other_user_can_read_the_access_key() {
        let text = String::new;
        let address =
            Address { endpoint: text(), pid: 1, account: text(), region: text(), access_key: "LOCAL1".to_owned() };
        let home = private_folder().unwrap();
        let file = note(&address, &home).unwrap();
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(&home), mode(&file)), (0o700, 0o600));
        assert!(fs::read_to_string(&file).unwrap().contains("LOCAL1"));
        fs::remove_dir_all(home).unwrap();
    }

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
