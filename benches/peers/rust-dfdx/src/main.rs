//! dfdx 0.13 on CPU.  Shapes are types, so each workload is written out.
//! Its Conv2D needs a nightly compiler, so there is no W5.

use dfdx::optim::{Adam, AdamConfig, Momentum, Sgd, SgdConfig};
use dfdx::prelude::*;
use peers_common::{Opt, Param, Workload, measure, threads};

const WORKLOADS: [&str; 9] = ["W1", "W2", "W3", "W4", "W6a", "W6b", "W7", "V2", "V4"];

type Net10 = (Linear<10, 64>, ReLU, Linear<64, 1>);
type Mnist = ((Linear<784, 512>, ReLU), (Linear<512, 256>, ReLU), Linear<256, 10>);
type Wide = (
    (Linear<2048, 2048>, ReLU),
    (Linear<2048, 2048>, ReLU),
    (Linear<2048, 2048>, ReLU),
    Linear<2048, 10>,
);
type Deep = ((Linear<784, 128>, ReLU), Repeated<(Linear<128, 128>, ReLU), 29>, Linear<128, 10>);
type Circles = ((Linear<2, 10>, ReLU), (Linear<10, 5>, ReLU), Linear<5, 1>);

/// Feeds the shared parameters to the layers, in order.
struct Feed(Vec<Param>, usize);

impl Feed {
    fn linear<const I: usize, const O: usize>(
        &mut self,
        layer: &mut modules::Linear<I, O, f32, Cpu>,
    ) {
        layer.weight.copy_from(&self.0[self.1].data);
        layer.bias.copy_from(&self.0[self.1 + 1].data);
        self.1 += 2;
    }
}

/// Trains with the given optimizer: $arch on batches of $batch x $inp, $out outputs.
macro_rules! train {
    ($w:expr, $variant:expr, $arch:ty, $batch:literal, $shape:expr, $out:literal, $loss:ident, $load:expr) => {{
        let (mut w, dev) = ($w, Cpu::default());
        assert_eq!(w.batch, $batch);
        let mut net = dev.build_module::<$arch, f32>();
        #[allow(clippy::redundant_closure_call)]
        ($load)(&mut net, &mut Feed(std::mem::take(&mut w.params), 0));
        let w = &w;
        let data: Vec<_> = w
            .batches()
            .map(|(x, y)| {
                let x = dev.tensor_from_vec(x, $shape);
                let mut t = vec![0f32; $batch * $out];
                for (row, y) in y.iter().enumerate() {
                    if $out == 1 {
                        t[row] = *y as f32;
                    } else {
                        t[row * $out + *y as usize] = 1.0;
                    }
                }
                (x, dev.tensor_from_vec(t, (Const::<$batch>, Const::<$out>)))
            })
            .collect();
        let first = $loss(net.forward(data[0].0.clone()), data[0].1.clone()).array() as f64;
        let mut grads = Some(net.alloc_grads());
        macro_rules! go {
            ($opt:expr) => {{
                let mut opt = $opt;
                measure("dfdx", w, $variant, first, || {
                    let mut last = 0.0;
                    for _ in 0..w.epochs {
                        for (x, y) in &data {
                            let out = net.forward_mut(x.clone().traced(grads.take().unwrap()));
                            let loss = $loss(out, y.clone());
                            last = loss.array() as f64;
                            let mut g = loss.backward();
                            opt.update(&mut net, &g).unwrap();
                            net.zero_grads(&mut g);
                            grads = Some(g);
                        }
                    }
                    last
                });
            }};
        }
        match w.opt {
            Opt::Adam => go!(Adam::new(
                &net,
                AdamConfig { lr: w.lr, betas: [0.9, 0.999], eps: 1e-8, weight_decay: None }
            )),
            Opt::Momentum => go!(Sgd::new(
                &net,
                SgdConfig { lr: w.lr, momentum: Some(Momentum::Classic(0.9)), weight_decay: None }
            )),
            _ => go!(Sgd::new(&net, SgdConfig { lr: w.lr, momentum: None, weight_decay: None })),
        }
    }};
}

macro_rules! infer {
    ($w:expr, $variant:expr, $batch:literal) => {{
        let (mut w, dev) = ($w, Cpu::default());
        let mut net = dev.build_module::<Mnist, f32>();
        let mut feed = Feed(std::mem::take(&mut w.params), 0);
        let w = &w;
        feed.linear(&mut net.0.0);
        feed.linear(&mut net.1.0);
        feed.linear(&mut net.2);
        drop(feed);
        let data: Vec<_> = w
            .batches()
            .map(|(x, y)| {
                let mut t = vec![0f32; $batch * 10];
                for (row, y) in y.iter().enumerate() {
                    t[row * 10 + *y as usize] = 1.0;
                }
                (
                    dev.tensor_from_vec(x, (Const::<$batch>, Const::<784>)),
                    dev.tensor_from_vec(t, (Const::<$batch>, Const::<10>)),
                )
            })
            .collect();
        let loss = |out: Tensor<Rank2<$batch, 10>, f32, Cpu>, i: usize| {
            cross_entropy_with_logits_loss(out, data[i].1.clone()).array() as f64
        };
        let first = loss(net.forward(data[0].0.clone()), 0);
        measure("dfdx", w, $variant, first, || {
            let mut out = None;
            for (x, _) in &data {
                out = Some(net.forward(x.clone()));
            }
            loss(out.unwrap(), data.len() - 1)
        });
    }};
}

fn run(w: Workload, variant: &str) {
    match w.name.clone().as_str() {
        "W1" => train!(
            w,
            variant,
            Net10,
            32,
            (Const::<32>, Const::<10>),
            1,
            binary_cross_entropy_with_logits_loss,
            |n: &mut <Net10 as BuildOnDevice<Cpu, f32>>::Built, f: &mut Feed| {
                f.linear(&mut n.0);
                f.linear(&mut n.2);
            }
        ),
        "W2" | "V2" => train!(
            w,
            variant,
            Mnist,
            128,
            (Const::<128>, Const::<784>),
            10,
            cross_entropy_with_logits_loss,
            |n: &mut <Mnist as BuildOnDevice<Cpu, f32>>::Built, f: &mut Feed| {
                f.linear(&mut n.0.0);
                f.linear(&mut n.1.0);
                f.linear(&mut n.2);
            }
        ),
        "W3" => train!(
            w,
            variant,
            Wide,
            512,
            (Const::<512>, Const::<2048>),
            10,
            cross_entropy_with_logits_loss,
            |n: &mut <Wide as BuildOnDevice<Cpu, f32>>::Built, f: &mut Feed| {
                f.linear(&mut n.0.0);
                f.linear(&mut n.1.0);
                f.linear(&mut n.2.0);
                f.linear(&mut n.3);
            }
        ),
        "W4" | "V4" => train!(
            w,
            variant,
            Deep,
            64,
            (Const::<64>, Const::<784>),
            10,
            cross_entropy_with_logits_loss,
            |n: &mut <Deep as BuildOnDevice<Cpu, f32>>::Built, f: &mut Feed| {
                f.linear(&mut n.0.0);
                for m in &mut n.1.modules {
                    f.linear(&mut m.0);
                }
                f.linear(&mut n.2);
            }
        ),
        "W6a" => infer!(w, variant, 1),
        "W6b" => infer!(w, variant, 4096),
        "W7" => train!(
            w,
            variant,
            Circles,
            300,
            (Const::<300>, Const::<2>),
            1,
            binary_cross_entropy_with_logits_loss,
            |n: &mut <Circles as BuildOnDevice<Cpu, f32>>::Built, f: &mut Feed| {
                f.linear(&mut n.0.0);
                f.linear(&mut n.1.0);
                f.linear(&mut n.2);
            }
        ),
        other => panic!("{other}"),
    }
}

fn main() {
    let native = if cfg!(target_feature = "avx512f") { "native" } else { "generic" };
    peers_common::main(&WORKLOADS, &format!("{native}+{}", threads()), run);
}
