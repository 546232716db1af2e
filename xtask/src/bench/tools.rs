//! The comparators' environments: made once below `.tools/bench` from the pinned files in `tests/bench`, made again when those change.

use super::process::{Package, Program};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where things are.
pub struct Folders {
    /// `tests/bench`.
    pub sources: PathBuf,
    /// `.tools/bench`, ignored by git.
    pub made: PathBuf,
}

/// The Python function under AWS's own runtime client; installs what it needs.
pub fn python(folders: &Folders, authority: &str) -> Result<Program> {
    let sources = folders.sources.join("python");
    let made = folders.made.join("python");
    let python = made.join("venv/bin/python");
    let pins = [sources.join("requirements.txt"), sources.join("runtime.txt")];
    if stale(&made, &pins)? {
        eprintln!("bench: installing boto3 and awslambdaric into {}", made.display());
        renew(&made)?;
        run(Command::new("python3").args(["-m", "venv"]).arg(made.join("venv")))
            .context("make a virtual environment (Debian and Ubuntu: install python3-venv)")?;
        let pip = |arguments: &[&str]| {
            let mut command = Command::new(&python);
            command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(arguments);
            command
        };
        run(pip(&[]).arg("--requirement").arg(&pins[0]).arg("--requirement").arg(&pins[1]))
            .context("install the pinned Python packages (is a package index reachable?)")?;
        run(pip(&["--no-compile"]).arg("--target").arg(made.join("package")).arg("--requirement").arg(&pins[0]))?;
        stamp(&made, &pins)?;
    }
    fs::copy(sources.join("handler.py"), made.join("package/handler.py"))?;
    let package = Package {
        bytes: zip(&made.join("package"), &made.join("package.zip"))?,
        contents: "handler.py with the pinned boto3, as AWS recommends to ship it".to_owned(),
    };
    // In production it loads the authorities that botocore brings; so it does here, with one more.
    let bundled = run(Command::new(&python).args(["-c", "import botocore.httpsession as h; print(h.where())"]))?;
    let bundle = made.join("authorities.pem");
    fs::write(&bundle, fs::read_to_string(bundled.trim()).context("read the authorities of botocore")? + authority)?;
    let version = run(Command::new(&python)
        .args(["-c", "import platform, boto3; print(platform.python_version(), boto3.__version__)"]))?;
    let (version, boto3) = version.trim().split_once(' ').context("ask Python for its version")?;
    Ok(Program {
        key: "boto3",
        title: format!("Python {version}, boto3 {boto3}"),
        command: [&path(&python), "-m", "awslambdaric", "handler.handle"].map(str::to_owned).to_vec(),
        directory: made.join("package"),
        variables: vec![("AWS_CA_BUNDLE".to_owned(), path(&bundle))],
        package,
    })
}

/// The Node function, bundled; `None` where Node or npm is missing.
pub fn node(folders: &Folders, authority: &Path) -> Result<Option<Program>> {
    let Ok(version) = run(Command::new("node").arg("--version")) else {
        eprintln!(
            "bench: no `node` on the PATH; only the comparison with Python runs (install Node.js 20 or later with npm for the other)"
        );
        return Ok(None);
    };
    if run(Command::new("npm").arg("--version")).is_err() {
        eprintln!("bench: no `npm` on the PATH; only the comparison with Python runs");
        return Ok(None);
    }
    let sources = folders.sources.join("node");
    let made = folders.made.join("node");
    let pins = [sources.join("package.json"), sources.join("package-lock.json")];
    if stale(&made, &pins)? {
        eprintln!("bench: installing the AWS SDK for JavaScript into {}", made.display());
        renew(&made)?;
        for pin in &pins {
            fs::copy(pin, made.join(pin.file_name().context("a pinned file has a name")?))?;
        }
        // esbuild's binary is a package of its own; no install script has to run.
        run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&made))
            .context("install the pinned npm packages (is the npm registry reachable?)")?;
        stamp(&made, &pins)?;
    }
    for source in ["handler.mjs", "runtime.mjs"] {
        fs::copy(sources.join(source), made.join(source))?;
    }
    let bundle = made.join("dist/handler.cjs");
    renew(&made.join("dist"))?;
    run(Command::new(made.join("node_modules/.bin/esbuild"))
        .args(["handler.mjs", "--bundle", "--minify", "--platform=node", "--target=node20", "--log-level=warning"])
        .arg(format!("--outfile={}", bundle.display()))
        .current_dir(&made))
    .context("bundle the Node function")?;
    let unbundled = zip(&made.join("node_modules/@aws-sdk"), &made.join("unbundled.zip"))?
        + zip(&made.join("node_modules/@smithy"), &made.join("unbundled.zip"))?;
    let package = Package {
        bytes: zip(&made.join("dist"), &made.join("package.zip"))?,
        contents: format!(
            "bundled and minified with esbuild (its @aws-sdk and @smithy modules unbundled: {:.1} MB)",
            unbundled as f64 / 1e6
        ),
    };
    let sdk = fs::read_to_string(made.join("node_modules/@aws-sdk/client-ecs/package.json"))?;
    let sdk: serde_json::Value = serde_json::from_str(&sdk)?;
    Ok(Some(Program {
        key: "node",
        title: format!(
            "Node {}, AWS SDK {}",
            version.trim().trim_start_matches('v'),
            sdk["version"].as_str().unwrap_or("v3")
        ),
        command: vec!["node".to_owned(), path(&made.join("runtime.mjs")), path(&bundle)],
        directory: made.join("dist"),
        variables: vec![("NODE_EXTRA_CA_CERTS".to_owned(), path(authority))],
        package,
    }))
}

/// Compresses a file or folder with Python's own zip; returns its size.
pub fn zip(what: &Path, to: &Path) -> Result<u64> {
    let (folder, name) = if what.is_dir() { (what, ".") } else { (parent(what)?, name(what)?) };
    fs::remove_file(to).ok();
    let mut command = Command::new("python3");
    command.args(["-c", ZIP]).arg(to).arg(name).current_dir(folder);
    run(&mut command)?;
    Ok(fs::metadata(to)?.len())
}

/// Level 9, without caches: what `sam deploy` or a careful user uploads.
const ZIP: &str = "
import os, sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED, compresslevel=9) as package:
    if os.path.isfile(sys.argv[2]):
        package.write(sys.argv[2])
    for folder, folders, files in os.walk(sys.argv[2]):
        folders[:] = sorted(name for name in folders if name != '__pycache__')
        for name in sorted(files):
            package.write(os.path.join(folder, name))
";

/// Runs a command to its end and returns what it printed; an error carries its complaint.
pub fn run(command: &mut Command) -> Result<String> {
    let shown = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("run {shown}"))?;
    if !output.status.success() {
        bail!("{shown} ended with {}:\n{}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn stale(made: &Path, pins: &[PathBuf]) -> Result<bool> {
    Ok(fs::read_to_string(made.join("stamp")).ok() != Some(contents(pins)?))
}

/// Written last, so that an interrupted installation is done again.
fn stamp(made: &Path, pins: &[PathBuf]) -> Result<()> {
    Ok(fs::write(made.join("stamp"), contents(pins)?)?)
}

fn contents(pins: &[PathBuf]) -> Result<String> {
    pins.iter().map(|pin| fs::read_to_string(pin).with_context(|| format!("read {}", pin.display()))).collect()
}

fn renew(made: &Path) -> Result<()> {
    if made.exists() {
        fs::remove_dir_all(made)?;
    }
    fs::create_dir_all(made).with_context(|| format!("make {}", made.display()))
}

fn parent(path: &Path) -> Result<&Path> {
    path.parent().with_context(|| format!("{} has no folder", path.display()))
}

fn name(path: &Path) -> Result<&str> {
    path.file_name().and_then(|name| name.to_str()).with_context(|| format!("{} has no name", path.display()))
}

fn path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
