//! Everything the Docker CLI does works as on a local engine.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    pty::Terminal,
    world::{World, run, succeeded},
};

#[tokio::test(flavor = "multi_thread")]
async fn the_docker_cli_does_all_it_does_locally() {
    let world = World::started().await;
    world.import_busybox();
    containers(&world);
    standard_input(&world);
    terminal(&world);
    logs_and_events(&world);
    copies(&world);
    builds(&world);
    images(&world);
    compose(&world);
    world.finish().await;
}

fn containers(world: &World) {
    assert_eq!(world.docker(&["run", "--rm", "busybox", "echo", "hello"]), "hello\n");
    let failed = run(&mut world.docker_command("docker", &["run", "--rm", "busybox", "sh", "-c", "exit 42"]), b"");
    assert_eq!(failed.status.code(), Some(42));
    let both = ["run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2"];
    let output = run(&mut world.docker_command("docker", &both), b"");
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));

    world.docker(&["run", "--detach", "--name", "long", "busybox", "sleep", "1000"]);
    assert_eq!(world.docker(&["exec", "long", "echo", "from exec"]), "from exec\n");
    assert_eq!(world.docker_with(&["exec", "-i", "long", "wc", "-c"], b"12345").trim(), "5");
    let stats = world.docker(&["stats", "--no-stream", "--format", "{{.Name}}", "long"]);
    assert_eq!(stats.trim(), "long");
    world.docker(&["rm", "--force", "long"]);
}

fn standard_input(world: &World) {
    // The end of the input reaches the container, and all of the output still comes back.
    assert_eq!(world.docker_with(&["run", "--rm", "-i", "busybox", "cat"], b"hi\n"), "hi\n");
    let bulk: Vec<u8> = (0..8_u32 << 20).map(|n| u8::try_from(n.wrapping_mul(2_654_435_761) >> 24).unwrap()).collect();
    let echoed = run(&mut world.docker_command("docker", &["run", "--rm", "-i", "busybox", "cat"]), &bulk);
    assert!(echoed.status.success() && echoed.stdout == bulk, "{} of {} bytes", echoed.stdout.len(), bulk.len());
    let late = ["run", "--rm", "-i", "busybox", "sh", "-c", "cat > /dev/null; sleep 1; echo after the end"];
    assert_eq!(world.docker_with(&late, b"x"), "after the end\n");

    world.docker(&["run", "--detach", "-i", "--name", "attached", "busybox", "sh", "-c", "read line; echo got $line"]);
    // The engine itself ends an attachment to a container started like this when its input ends, output or not. So the input
    // stays open here until the container has ended.
    let mut attach = world.docker_command("docker", &["attach", "attached"]);
    let mut attach = attach.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = attach.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, b"word\n").unwrap();
    let output = attach.wait_with_output().unwrap();
    drop(input);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "got word\n");
    world.docker(&["rm", "--force", "attached"]);
}

fn terminal(world: &World) {
    let command = world.docker_command("docker", &["run", "--rm", "-it", "busybox", "sh"]);
    let mut terminal = Terminal::spawn(&command, 30, 100);
    terminal.wait_for("#");
    // The shell shows what it reads, so the answer is told from the question by what the shell puts together.
    terminal.type_text("stty size; echo do''ne\n");
    terminal.wait_for("30 100");
    terminal.wait_for("done");
    terminal.type_text("until [ \"$(stty size)\" = '40 132' ]; do sleep 0.1; done; echo resi''zed\n");
    terminal.resize_until(40, 132, "resized");
    terminal.type_text("tty > /dev/null && exit 7\n");
    assert_eq!(terminal.wait().code(), Some(7));

    // The same for a command that joins a container.
    world.docker(&["run", "--detach", "--name", "joined", "busybox", "sleep", "1000"]);
    let command = world.docker_command("docker", &["exec", "-it", "joined", "sh"]);
    let mut terminal = Terminal::spawn(&command, 25, 90);
    terminal.wait_for("#");
    terminal.type_text("until [ \"$(stty size)\" = '25 90' ]; do sleep 0.1; done; echo si''zed\n");
    terminal.wait_for("sized");
    terminal.type_text("until [ \"$(stty size)\" = '45 120' ]; do sleep 0.1; done; echo resi''zed\n");
    terminal.resize_until(45, 120, "resized");
    terminal.type_text("tty > /dev/null && exit 9\n");
    assert_eq!(terminal.wait().code(), Some(9));
    world.docker(&["rm", "--force", "joined"]);
}

fn logs_and_events(world: &World) {
    let mut events =
        world.docker_command("docker", &["events", "--filter", "event=die", "--format", "{{.Actor.Attributes.name}}"]);
    let mut events = events.stdout(Stdio::piped()).spawn().unwrap();
    world.docker(&[
        "run",
        "--detach",
        "--name",
        "talker",
        "busybox",
        "sh",
        "-c",
        "for n in 1 2 3; do echo $n; sleep 0.3; done",
    ]);
    assert_eq!(world.docker(&["logs", "--follow", "talker"]), "1\n2\n3\n");
    assert_eq!(world.docker(&["wait", "talker"]).trim(), "0");
    // The event arrives while the stream stays open.
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(events.stdout.take().unwrap()));
    assert!(lines.any(|line| line.unwrap().trim() == "talker"), "the stream of events has ended");
    events.kill().unwrap();
    events.wait().unwrap();
    world.docker(&["rm", "talker"]);
}

fn copies(world: &World) {
    let (there, back) = (world.path("there"), world.path("back"));
    let content: Vec<u8> = (0..3_000_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    fs::write(&there, &content).unwrap();
    world.docker(&["create", "--name", "box", "busybox"]);
    world.docker(&["cp", there.to_str().unwrap(), "box:/tmp/file"]);
    world.docker(&["cp", "box:/tmp/file", back.to_str().unwrap()]);
    assert_eq!(fs::read(back).unwrap(), content);
    world.docker(&["rm", "box"]);
}

fn builds(world: &World) {
    let context = world.path("context");
    fs::create_dir(&context).unwrap();
    fs::write(context.join("data"), "built\n").unwrap();
    fs::write(context.join("Dockerfile"), "FROM busybox\nCOPY data /data\nRUN cat /data > /copy\nCMD cat /copy\n")
        .unwrap();
    let build = |program: &Path, buildkit: &str, tag: &str| {
        let mut command = world.docker_command(program, &["build", "--no-cache", "-t", tag, "."]);
        let output = run(command.env("DOCKER_BUILDKIT", buildkit).current_dir(&context), b"");
        succeeded(&format!("a build with DOCKER_BUILDKIT={buildkit}"), &output);
        assert_eq!(world.docker(&["run", "--rm", tag]), "built\n");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    build(Path::new("docker"), "0", "classic");
    let said = build(&cli_with_buildkit(world), "1", "kit");
    assert!(said.contains("exporting to image"), "this was not BuildKit: {said}");
}

/// A Docker CLI that can build with BuildKit: one up to version 22 has it built in, later ones need the buildx plugin.
fn cli_with_buildkit(world: &World) -> std::path::PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let mut programs =
        std::env::split_paths(&path).map(|folder| folder.join("docker")).filter(|program| program.exists());
    let fits = |program: &std::path::PathBuf| {
        let version = run(world.docker_command(program, &["--version"]).env_remove("DOCKER_HOST"), b"");
        let text = String::from_utf8_lossy(&version.stdout).into_owned();
        let major = text.trim_start_matches("Docker version ").split('.').next().and_then(|n| n.parse::<u32>().ok());
        let plugin = run(&mut world.docker_command(program, &["buildx", "version"]), b"");
        major.is_some_and(|major| major <= 22) || plugin.status.success()
    };
    programs
        .find(fits)
        .expect("a Docker CLI with BuildKit is needed: package docker.io up to version 22, or docker-buildx")
}

fn images(world: &World) {
    world.docker(&["run", "--name", "blob", "busybox", "dd", "if=/dev/urandom", "of=/blob", "bs=1M", "count=64"]);
    world.docker(&["commit", "blob", "blob"]);
    world.docker(&["rm", "blob"]);
    let sum = world.docker(&["run", "--rm", "blob", "sha256sum", "/blob"]);
    let archive = world.path("blob.tar");
    world.docker(&["save", "--output", archive.to_str().unwrap(), "blob"]);
    assert!(fs::metadata(&archive).unwrap().len() > 64 << 20);
    world.docker(&["rmi", "blob"]);
    world.docker(&["load", "--input", archive.to_str().unwrap()]);
    assert_eq!(world.docker(&["run", "--rm", "blob", "sha256sum", "/blob"]), sum);
}

fn compose(world: &World) {
    let project = world.path("project");
    fs::create_dir(&project).unwrap();
    let file = "services:\n  one:\n    image: busybox\n    command: sleep 1000\n  two:\n    image: busybox\n    command: sleep 1000\n";
    fs::write(project.join("docker-compose.yml"), format!("version: '3'\n{file}")).unwrap();
    let compose = |arguments: &[&str]| {
        let plugin = run(&mut world.docker_command("docker", &["compose", "version"]), b"").status.success();
        let mut command = if plugin {
            world.docker_command("docker", &["compose"])
        } else {
            world.docker_command("docker-compose", &[])
        };
        // It asks for nothing, but draws when it finds a terminal.
        let command: &mut Command = command.args(arguments).current_dir(&project);
        succeeded(&format!("compose {arguments:?}"), &run(command, b""))
    };
    compose(&["up", "--detach"]);
    let running = || world.docker(&["ps", "--filter", "label=com.docker.compose.service", "--quiet"]).lines().count();
    assert_eq!(running(), 2);
    compose(&["down", "--timeout", "1"]);
    assert_eq!(running(), 0);
}
