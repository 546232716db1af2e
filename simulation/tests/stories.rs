//! Every story plays as its file has it. `UPDATE_STORIES=1 cargo test -p simulation --test stories` writes the files anew.

// A story that cannot be played fails the test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::rc::Rc;

use simulation::account::Account;
use simulation::story::play;

#[test]
fn every_story_plays_as_its_file_has_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("stories");
    let account = Rc::new(Account::huskit(&[("FirstDeploy", "false")]));
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 10, "stories are missing");
    // The test chooses by its environment whether it writes.
    #[allow(clippy::disallowed_methods)]
    let update = std::env::var_os("UPDATE_STORIES").is_some();
    let mut wrong = Vec::new();
    for file in files {
        let written = std::fs::read_to_string(&file).unwrap();
        let played = play(&account, &written, false).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        if played == written {
            continue;
        }
        if update {
            std::fs::write(&file, &played).unwrap();
            continue;
        }
        let differs = played.lines().zip(written.lines()).find(|(played, written)| played != written);
        wrong.push(format!("{}: {differs:?}", file.file_name().unwrap().display()));
    }
    assert!(wrong.is_empty(), "UPDATE_STORIES=1 writes the files anew:\n{}", wrong.join("\n"));
}

#[test]
fn the_same_seed_is_the_same_run() {
    let text = "> begin 2026-11-16T09:00:00Z terrible seed 7\n> push website-agent crashes\n> pass 3h\n> show\n";
    let account = Rc::new(Account::huskit(&[("FirstDeploy", "false")]));
    assert_eq!(play(&account, text, false).unwrap(), play(&account, text, false).unwrap());
}
