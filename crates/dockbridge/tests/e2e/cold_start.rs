//! The first command: what it creates, how the server comes up, and what it costs in time.

use std::{thread, time::Duration};

use crate::world::{World, run, succeeded};

#[tokio::test(flavor = "multi_thread")]
async fn twenty_first_requests_create_one_server_in_the_right_order() {
    let world = World::started().await;
    assert!(world.emulator.requests().iter().all(|request| request.method == "GET"), "starting creates nothing");

    let answers = thread::scope(|scope| {
        let clients: Vec<_> = (0..20)
            .map(|_| {
                let mut command = world.docker_command("docker", &["info", "--format", "{{.ID}}"]);
                scope.spawn(move || run(&mut command, b""))
            })
            .collect();
        clients.into_iter().map(|client| succeeded("docker info", &client.join().unwrap())).collect::<Vec<_>>()
    });
    assert!(answers.iter().all(|id| *id == answers[0] && !id.trim().is_empty()), "{answers:?}");
    assert_eq!(world.orders(), 1);
    let mut everything = Vec::new();
    for kind in ["servers", "volumes", "ssh_keys", "firewalls"] {
        let list = world.api(kind).await;
        assert_eq!(list.len(), 1, "{kind}: {list:?}");
        everything.extend(list);
    }
    for resource in &everything {
        assert_eq!(resource["labels"]["managed-by"], "dockbridge", "{resource}");
    }

    // The engine found the volume mounted: what lies under the mount point, on the server's own disk, is empty.
    assert_eq!(world.on_server("findmnt -n -o FSTYPE /var/lib/docker").trim(), "ext4");
    let hidden = "mkdir -p /tmp/root && mount --bind / /tmp/root && ls -A /tmp/root/var/lib/docker /tmp/root/var/lib/containerd \
        | grep -v : ; umount /tmp/root";
    assert_eq!(world.on_server(hidden).trim(), "");
    // The engine listens on its Unix socket alone: nothing but SSH is reachable from outside.
    let listening = world.on_server("ss -Hltn | awk '{print $4}' | grep -v '^127\\.\\|^\\[::1\\]'");
    assert!(listening.lines().all(|address| address.ends_with(":22")), "{listening}");

    let status = world.status();
    assert_eq!((&status["proxy"]["connected"], &status["server"]["status"]), (&true.into(), &"running".into()));
    let phases: Vec<_> = status["phases"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert!(phases.contains(&"boot until SSH answers") && phases.contains(&"engine"), "{phases:?}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_without_an_engine_gets_its_distributions_own() {
    let mut world = World::new().await;
    world.set("DOCKBRIDGE_HETZNER_IMAGE", "debian-12");
    world.start();
    assert!(!world.docker(&["version", "--format", "{{.Server.Version}}"]).trim().is_empty());
    let status = run(&mut world.dockbridge(&["status"]), b"");
    assert!(succeeded("dockbridge status", &status).contains("engine"));
    world.wait_for_line("The engine answers.", Duration::from_secs(5));
    world.finish().await;
}
