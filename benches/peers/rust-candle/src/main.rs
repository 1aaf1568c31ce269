//! Candle on CPU.  Built twice (see build_all.sh): generic, and native with AVX-512 gemm.

use std::mem::take;

use candle_core::{DType, Device, Result, Tensor, Var};
use candle_nn::{AdamW, Conv2d, Conv2dConfig, Linear, Module, Optimizer, ParamsAdamW, SGD, loss};
use peers_common::{Kind, Loss, Opt, Workload, measure, threads};

#[cfg(feature = "v4")]
use gemm as _;

const WORKLOADS: [&str; 11] = ["W1", "W2", "W3", "W4", "W5", "W6a", "W6b", "W7", "V2", "V4", "V5"];

struct Net {
    convs: Vec<Conv2d>,
    dense: Vec<Linear>,
}

impl Net {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut x = x.clone();
        for conv in &self.convs {
            x = conv.forward(&x)?.relu()?.max_pool2d(2)?;
        }
        if !self.convs.is_empty() {
            x = x.flatten_from(1)?;
        }
        for (i, layer) in self.dense.iter().enumerate() {
            x = layer.forward(&x)?;
            if i + 1 < self.dense.len() {
                x = x.relu()?;
            }
        }
        Ok(x)
    }
}

/// candle_nn's SGD has no momentum: v = 0.9 v + g; p -= lr v, written with candle's tensors.
struct Momentum {
    vars: Vec<Var>,
    velocity: Vec<Option<Tensor>>,
    lr: f64,
}

impl Momentum {
    fn backward_step(&mut self, loss: &Tensor) -> Result<()> {
        let grads = loss.backward()?;
        for (var, velocity) in self.vars.iter().zip(&mut self.velocity) {
            let grad = grads.get(var).unwrap();
            let next = match velocity.take() {
                Some(v) => ((v * 0.9)? + grad)?,
                None => grad.clone(),
            };
            var.set(&(var.as_tensor() - (&next * self.lr)?)?)?;
            *velocity = Some(next);
        }
        Ok(())
    }
}

enum Optim {
    Adam(AdamW),
    Sgd(SGD),
    Momentum(Momentum),
}

fn run(w: Workload, variant: &str) {
    work(w, variant).unwrap()
}

fn work(mut w: Workload, variant: &str) -> Result<()> {
    let device = Device::Cpu;
    let mut vars = vec![];
    let mut net = Net { convs: vec![], dense: vec![] };
    for pair in take(&mut w.params).chunks(2) {
        let weight =
            Var::from_tensor(&Tensor::from_slice(&pair[0].data, &pair[0].shape[..], &device)?)?;
        let bias =
            Var::from_tensor(&Tensor::from_slice(&pair[1].data, &pair[1].shape[..], &device)?)?;
        let (wt, bt) = if w.kind == Kind::Infer {
            (weight.as_detached_tensor(), bias.as_detached_tensor()) // no graph recorded
        } else {
            (weight.as_tensor().clone(), bias.as_tensor().clone())
        };
        if pair[0].shape.len() == 4 {
            net.convs.push(Conv2d::new(wt, Some(bt), Conv2dConfig::default()));
        } else {
            net.dense.push(Linear::new(wt, Some(bt)));
        }
        vars.extend([weight, bias]);
    }
    let mut data = vec![];
    for (x, y) in w.batches() {
        let x = Tensor::from_vec(x, (w.batch, w.sizes[0]), &device)?;
        let x = if w.kind == Kind::Lenet { x.reshape((w.batch, 1, 28, 28))? } else { x };
        let y = match w.loss {
            Loss::Bce => {
                Tensor::from_iter(y.iter().map(|v| *v as f32), &device)?.reshape((w.batch, 1))?
            }
            Loss::Ce => Tensor::from_iter(y.iter().map(|v| *v as u32), &device)?,
        };
        data.push((x, y));
    }
    let loss_of = |out: &Tensor, y: &Tensor| match w.loss {
        Loss::Bce => loss::binary_cross_entropy_with_logit(out, y),
        Loss::Ce => loss::cross_entropy(out, y),
    };
    let scalar = |t: &Tensor| t.to_dtype(DType::F64).and_then(|t| t.to_scalar::<f64>()).unwrap();
    let first = scalar(&loss_of(&net.forward(&data[0].0)?, &data[0].1)?);

    if w.kind == Kind::Infer {
        let last = data.len() - 1;
        measure("candle", &w, variant, first, || {
            let mut out = None;
            for (x, _) in &data {
                out = Some(net.forward(x).unwrap());
            }
            scalar(&loss_of(&out.unwrap(), &data[last].1).unwrap())
        });
        return Ok(());
    }

    let mut optim = match w.opt {
        Opt::Adam => Optim::Adam(AdamW::new(
            vars,
            ParamsAdamW { lr: w.lr, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0 },
        )?),
        Opt::Momentum => {
            let velocity = vars.iter().map(|_| None).collect();
            Optim::Momentum(Momentum { vars, velocity, lr: w.lr })
        }
        _ => Optim::Sgd(SGD::new(vars, w.lr)?),
    };
    measure("candle", &w, variant, first, || {
        let mut last = None;
        for _ in 0..w.epochs {
            for (x, y) in &data {
                let loss = loss_of(&net.forward(x).unwrap(), y).unwrap();
                match &mut optim {
                    Optim::Adam(o) => o.backward_step(&loss),
                    Optim::Sgd(o) => o.backward_step(&loss),
                    Optim::Momentum(o) => o.backward_step(&loss),
                }
                .unwrap();
                last = Some(loss);
            }
        }
        scalar(&last.unwrap())
    });
    Ok(())
}

fn main() {
    let mut variant =
        if cfg!(target_feature = "avx512f") { "native" } else { "generic" }.to_string();
    if cfg!(feature = "v4") {
        variant += "+v4";
    }
    variant += &format!("+{}", threads());
    peers_common::main(&WORKLOADS, &variant, run);
}
