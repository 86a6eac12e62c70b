//! Help, the manual, completions.

use std::process::Command;

use insta::assert_snapshot;

use crate::Program;

/// So many lines has a terminal at the least.
const SCREEN: usize = 24;

/// The names of the commands, as help has them.
fn commands(program: &Program) -> Vec<String> {
    let help = program.out(&["--help"]);
    let list = help.split_once("Commands:\n").and_then(|(_, rest)| rest.split_once("\n\n")).unwrap().0;
    list.lines().map(|line| line.split_whitespace().next().unwrap().to_owned()).collect()
}

#[test]
fn of_the_whole() {
    assert_snapshot!(Program::new(&[]).out(&["--help"]));
}

#[test]
fn of_each_command_fits_a_screen() {
    let program = Program::new(&[]);
    let commands = commands(&program);
    assert!(commands.len() >= 10, "{commands:?}");
    let writes = ["Writes", "writes", "Runs", "Connects to no database", "Makes", "Drops", "Removes"];
    for command in commands {
        let help = program.out(&[&command, "--help"]);
        assert!(help.lines().count() <= SCREEN, "{command} has {} lines:\n{help}", help.lines().count());
        assert!(help.contains("\nExample: atlas-migrate "), "{command} has no example:\n{help}");
        assert!(writes.iter().any(|word| help.contains(word)), "{command} does not say what it writes:\n{help}");
        assert_eq!(program.out(&[&command, "-h"]), help, "{command}");
        assert!(program.out(&["man", &command]).starts_with(".ie"), "{command}");
    }
}

#[test]
fn run() {
    assert_snapshot!(Program::new(&[]).out(&["run", "--help"]));
}

#[test]
fn misuse() {
    let program = Program::new(&[]);
    assert_snapshot!(program.session(&["", "statuss", "run --wait soon", "run --format json --nonsense"]));
}

/// The shell itself reads what is written for it.
#[test]
fn completions() {
    let program = Program::new(&[]);
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = program.out(&["completions", shell]);
        assert!(script.contains("atlas-migrate") && script.contains("baseline"), "{shell}: {script}");
    }
    let script = program.out(&["completions", "bash"]);
    program.write("completions.bash", &script);
    let function = script.split_once("() {").unwrap().0;
    let complete = format!(
        "source completions.bash; COMP_WORDS=(atlas-migrate sta); COMP_CWORD=1; \
         {function} atlas-migrate sta atlas-migrate; echo \"${{COMPREPLY[@]}}\""
    );
    let output = Command::new("bash").args(["-c", &complete]).current_dir(&program.folder).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "status", "{output:?}");
}

#[test]
fn manual() {
    let program = Program::new(&[]);
    let page = program.out(&["man"]);
    for word in ["DATABASE_URL", "Exit codes", "baseline"] {
        assert!(page.contains(word), "{word} is missing in:\n{page}");
    }
    assert_eq!(program.run(&["man", "nonsense"]).code, Some(2));
}
