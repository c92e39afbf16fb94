//! Real `phr serve` processes on one database.

use std::{
    fmt::Write as _,
    fs::{self, File},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use phr_store::bed::Bed;
use tempfile::TempDir;

use crate::google::Google;

const COUNT: usize = 3;
const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const SIGNER: &str = "pZ2m8nQv4sT7wXyB1dFgHjKlMnPqRsTuVwXyZ012345";

/// The servers.
pub(crate) struct Servers {
    processes: Vec<Process>,
    settings: Vec<(&'static str, String)>,
    folder: TempDir,
    _bed: Bed,
}

struct Process {
    port: u16,
    child: Option<Child>,
    log: PathBuf,
}

/// What `phr verify` said.
pub(crate) struct Verdict {
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
}

/// A port that nobody uses now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Where Google sends browsers back to.
pub(crate) fn redirect(port: u16) -> String {
    format!("http://127.0.0.1:{port}/integrations/fitbit/callback")
}

impl Servers {
    /// Starts all with `further` settings; the first one is where browsers come back to.
    pub(crate) async fn start(
        google: &Google,
        redirect_port: u16,
        further: &[(&'static str, &str)],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bed = Bed::make().await;
        let mut settings = vec![
            ("DATABASE_URL", bed.address().to_owned()),
            ("PUBLIC_URL", format!("http://127.0.0.1:{redirect_port}")),
            ("ENCRYPTION_KEY", KEY.to_owned()),
            ("JWT_SECRET", SIGNER.to_owned()),
            ("FITBIT_CLIENT_ID", "sandbox-client.apps.example.com".to_owned()),
            ("FITBIT_CLIENT_SECRET", "sandbox-secret".to_owned()),
            ("FITBIT_BASE_URL", google.url().to_owned()),
            ("REGISTRATION", "open".to_owned()),
            ("SYNC_LOOK_BACK_DAYS", "4".to_owned()),
            ("SYNC_LEASE", "3s".to_owned()),
            ("SYNC_INTERVAL", "5m".to_owned()),
            ("REQUESTS_PER_MINUTE_PER_PERSON", "100000".to_owned()),
            ("REQUESTS_PER_MINUTE", "1000000".to_owned()),
            ("RUST_LOG", "warn".to_owned()),
        ];
        settings.extend(further.iter().map(|(name, text)| (*name, (*text).to_owned())));
        let process = |index: usize| {
            let port = if index == 0 { redirect_port } else { free_port() };
            Process { port, child: None, log: folder.path().join(format!("log{index}")) }
        };
        let processes = (0..COUNT).map(process).collect();
        let mut servers = Self { processes, settings, folder, _bed: bed };
        servers.start_missing().await;
        servers
    }

    pub(crate) fn count(&self) -> usize {
        self.processes.len()
    }

    pub(crate) fn url(&self, index: usize) -> String {
        format!("http://127.0.0.1:{}", self.processes[index].port)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_phr"));
        command.args(arguments).env_clear().envs(self.settings.iter().cloned());
        command.current_dir(self.folder.path());
        command
    }

    /// Starts whoever is not there, and waits until all answer.
    pub(crate) async fn start_missing(&mut self) {
        for index in 0..self.processes.len() {
            if self.processes[index].child.is_none() {
                self.processes[index].child = Some(self.spawn(index));
            }
        }
        for index in 0..self.processes.len() {
            self.wait_for(index).await;
        }
    }

    fn spawn(&self, index: usize) -> Child {
        let Process { port, log, .. } = &self.processes[index];
        let log = File::options().create(true).append(true).open(log).unwrap();
        let mut command = self.command(&["serve"]);
        command.env("LISTEN", format!("127.0.0.1:{port}"));
        command.stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }

    async fn wait_for(&self, index: usize) {
        let begun = Instant::now();
        let url = format!("{}/livez", self.url(index));
        while !reqwest::get(&url).await.is_ok_and(|reply| reply.status().is_success()) {
            assert!(begun.elapsed() < Duration::from_mins(1), "no server\n{}", self.logs());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// `kill -9`, and up again; nobody waits until it answers.
    pub(crate) async fn kill(&mut self, index: usize) {
        if let Some(mut child) = self.processes[index].child.take() {
            child.kill().unwrap();
            tokio::task::spawn_blocking(move || child.wait()).await.unwrap().unwrap();
        }
        self.processes[index].child = Some(self.spawn(index));
    }

    /// Ends all.
    pub(crate) fn stop(&mut self) {
        for process in &mut self.processes {
            if let Some(mut child) = process.child.take() {
                child.kill().unwrap();
                child.wait().unwrap();
            }
        }
    }

    /// With everybody alive, whatever is due is soon done.
    pub(crate) async fn check_nothing_is_overdue(&self) {
        let begun = Instant::now();
        loop {
            let verdict = self.verify(&["--patience", "10s"]);
            if verdict.code == Some(0) {
                return;
            }
            let waited = begun.elapsed() < Duration::from_secs(30);
            assert!(waited, "{}\n{}", verdict.text, self.logs());
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    pub(crate) fn verify(&self, arguments: &[&str]) -> Verdict {
        let output = self.command(&["verify", "--show-values"]).args(arguments).output().unwrap();
        let mut text = String::from_utf8(output.stdout).unwrap();
        text.push_str(&String::from_utf8(output.stderr).unwrap());
        Verdict { code: output.status.code(), text }
    }

    /// What a command prints.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The ends of the logs.
    pub(crate) fn logs(&self) -> String {
        let mut text = String::new();
        for process in &self.processes {
            let log = fs::read_to_string(&process.log).unwrap_or_default();
            let end: Vec<_> = log.lines().rev().take(15).collect();
            for line in end.into_iter().rev() {
                let _ = writeln!(text, "{line}");
            }
        }
        text
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for child in self.processes.iter_mut().filter_map(|process| process.child.as_mut()) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
