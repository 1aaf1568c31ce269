//! What every Rust peer shares: the workload table, the data, the timing, the output line.
//! The Python twin is py/common.py; both read workloads.json and data/ in the harness folder.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::PathBuf;
use std::time::Instant;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Mlp,
    Lenet,
    Infer,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Loss {
    Bce,
    Ce,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opt {
    Adam,
    Momentum,
    Sgd,
    None,
}

pub struct Param {
    pub shape: Vec<usize>,
    pub data: Vec<f32>,
}

pub struct Workload {
    pub name: String,
    pub kind: Kind,
    pub loss: Loss,
    pub opt: Opt,
    pub lr: f64,
    pub sizes: Vec<usize>,
    pub n: usize,
    pub batch: usize,
    pub epochs: usize,
    pub steps: usize,
    pub reps: usize,
    /// weight, bias, weight, bias, ...; weights are [out, in, ...], row-major.  A peer drops them
    /// once it has made its own, so that the peak of memory is the framework's.
    pub params: Vec<Param>,
    folder: PathBuf,
}

fn root() -> PathBuf {
    match std::env::var_os("PEERS_ROOT") {
        Some(p) => p.into(),
        None => concat!(env!("CARGO_MANIFEST_DIR"), "/..").into(),
    }
}

/// A file of little-endian words, read as it is asked for: nothing is held twice.
struct Words(BufReader<File>);

impl Words {
    fn open(path: PathBuf) -> Words {
        let file = File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Words(BufReader::new(file))
    }

    fn take<T>(&mut self, count: usize, from: fn([u8; 4]) -> T) -> Vec<T> {
        let mut word = [0; 4];
        let mut next = || {
            self.0.read_exact(&mut word).expect("data/ fits workloads.json (see gen_data.py)");
            from(word)
        };
        (0..count).map(|_| next()).collect()
    }

    fn is_at_end(&mut self) -> bool {
        matches!(self.0.read(&mut [0]), Ok(0))
    }
}

fn sizes_of(spec: &serde_json::Value) -> Vec<usize> {
    let mut sizes = vec![];
    for s in spec["sizes"].as_array().unwrap() {
        match s.as_str() {
            Some(s) => {
                let (width, times) = s.split_once('*').unwrap();
                sizes.extend(vec![width.parse::<usize>().unwrap(); times.parse().unwrap()]);
            }
            None => sizes.push(s.as_u64().unwrap() as usize),
        }
    }
    sizes
}

fn params_of(kind: Kind, sizes: &[usize], mut words: Words) -> Vec<Param> {
    let (mut shapes, mut dense) = (vec![], sizes);
    if kind == Kind::Lenet {
        shapes.extend([vec![32, 1, 5, 5], vec![32], vec![64, 32, 5, 5], vec![64]]);
        dense = &sizes[1..];
    }
    for pair in dense.windows(2) {
        shapes.extend([vec![pair[1], pair[0]], vec![pair[1]]]);
    }
    let mut read = |shape: Vec<usize>| {
        let data = words.take(shape.iter().product(), f32::from_le_bytes);
        Param { shape, data }
    };
    let params = shapes.into_iter().map(&mut read).collect();
    assert!(words.is_at_end());
    params
}

impl Workload {
    pub fn load(name: &str) -> Workload {
        let text = std::fs::read_to_string(root().join("workloads.json")).expect("workloads.json");
        let table: serde_json::Value = serde_json::from_str(&text).expect("workloads.json");
        let spec = &table[name];
        assert!(spec.is_object(), "no workload {name}");
        let text = |key: &str| spec[key].as_str().unwrap().to_string();
        let count = |key: &str| spec[key].as_u64().unwrap() as usize;
        let sizes = sizes_of(spec);
        let kind = match text("kind").as_str() {
            "mlp" => Kind::Mlp,
            "lenet" => Kind::Lenet,
            _ => Kind::Infer,
        };
        let folder = root().join("data").join(text("data"));
        let (n, batch, epochs, steps) =
            (count("n"), count("batch"), count("epochs"), count("steps"));
        assert_eq!(steps, epochs * (n / batch));
        Workload {
            name: name.to_string(),
            kind,
            loss: if text("loss") == "bce" { Loss::Bce } else { Loss::Ce },
            opt: match text("opt").as_str() {
                "adam" => Opt::Adam,
                "momentum" => Opt::Momentum,
                "sgd" => Opt::Sgd,
                _ => Opt::None,
            },
            lr: spec["lr"].as_f64().unwrap(),
            params: params_of(kind, &sizes, Words::open(folder.join("params.f32"))),
            sizes,
            n,
            batch,
            epochs,
            steps,
            reps: count("reps"),
            folder,
        }
    }

    /// The contiguous minibatches of one epoch, `batch` rows of `sizes[0]` features each and their
    /// labels, read from disk one by one.
    pub fn batches(&self) -> impl Iterator<Item = (Vec<f32>, Vec<i32>)> + use<> {
        let mut x = Words::open(self.folder.join("x.f32"));
        let mut y = Words::open(self.folder.join("y.i32"));
        let (rows, features) = (self.batch, self.sizes[0]);
        (0..self.n / self.batch).map(move |_| {
            (x.take(rows * features, f32::from_le_bytes), y.take(rows, i32::from_le_bytes))
        })
    }
}

/// The most memory that this process ever held (0 where there is no /proc).
pub fn peak_rss_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap_or("");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// `t1` or `t2`: how many threads rayon was given.
pub fn threads() -> &'static str {
    if std::env::var("RAYON_NUM_THREADS").as_deref() == Ok("1") { "t1" } else { "t2" }
}

/// Times `one_pass` (all `steps` of one repetition; it returns the loss of its last step).
///
/// The first call is the warm-up; its last loss is `loss_pass1`, which all peers must share.
pub fn measure(
    peer: &str,
    w: &Workload,
    variant: &str,
    loss_first: f64,
    mut one_pass: impl FnMut() -> f64,
) {
    let begin = Instant::now();
    let loss_pass1 = one_pass();
    let warm = begin.elapsed().as_secs_f64();
    let mut times = vec![];
    let mut loss_end = 0.0;
    let start = Instant::now();
    for rep in 0..w.reps {
        if rep >= 5 && start.elapsed().as_secs_f64() > 60.0 {
            break; // a slow peer: five repetitions are enough
        }
        let begin = Instant::now();
        loss_end = one_pass();
        times.push(begin.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    let mid = times.len() / 2;
    let median =
        if times.len() % 2 == 1 { times[mid] } else { (times[mid - 1] + times[mid]) / 2.0 };
    println!(
        "{{\"peer\": \"{peer}\", \"workload\": \"{}\", \"variant\": \"{variant}\", \
         \"min_s\": {:.7}, \"median_s\": {median:.7}, \"steps\": {}, \"peak_rss_mb\": {:.1}, \
         \"reps\": {}, \"warm_s\": {warm:.3}, \"loss_first\": {loss_first:.6}, \
         \"loss_pass1\": {loss_pass1:.6}, \"loss_end\": {loss_end:.6}}}",
        w.name,
        times[0],
        w.steps,
        peak_rss_mb(),
        times.len(),
    );
}

/// Command line of a peer: WORKLOAD|all [VARIANT].
pub fn main(workloads: &[&str], default_variant: &str, run: impl Fn(Workload, &str)) {
    let args: Vec<String> = std::env::args().collect();
    if args.len() < 2 {
        let known = workloads.join(" ");
        eprintln!("usage: {} WORKLOAD|all [VARIANT]   (workloads: {known})", args[0]);
        std::process::exit(2);
    }
    let variant = args.get(2).map(String::as_str).unwrap_or(default_variant);
    // V2, V4, V5 (the first steps of W2, W4, W5) are for check.py only: not in "all".
    let chosen: Vec<&str> = match args[1].as_str() {
        "all" => workloads.iter().copied().filter(|w| w.starts_with('W')).collect(),
        one => vec![one],
    };
    for name in chosen {
        if !workloads.contains(&name) {
            eprintln!("{}: no workload {name} here", args[0]);
            std::process::exit(2);
        }
        run(Workload::load(name), variant);
    }
}
