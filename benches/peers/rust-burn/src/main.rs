//! Burn: one backend per build (cargo features ndarray | flex | flex-v4), autodiff.

use std::mem::take;

use burn::module::{Module, Param as Learned};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::{BinaryCrossEntropyLossConfig, CrossEntropyLossConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, GradientsParams, SgdConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, TensorData};
use peers_common::{Kind, Loss, Opt, Param, Workload, measure, threads};

const WORKLOADS: [&str; 11] = ["W1", "W2", "W3", "W4", "W5", "W6a", "W6b", "W7", "V2", "V4", "V5"];

#[cfg(feature = "ndarray")]
fn backend() -> (&'static str, Device) {
    ("burn-ndarray", Device::ndarray())
}
#[cfg(all(feature = "flex", not(feature = "flex-v4")))]
fn backend() -> (&'static str, Device) {
    ("burn-flex", Device::flex())
}
#[cfg(feature = "flex-v4")]
fn backend() -> (&'static str, Device) {
    ("burn-flex-v4", Device::flex())
}

#[derive(Module, Debug)]
struct Net {
    convs: Vec<Conv2d>,
    pool: MaxPool2d,
    dense: Vec<Linear>,
}

impl Net {
    fn new(params: Vec<Param>, device: &Device) -> Net {
        let (mut convs, mut dense) = (vec![], vec![]);
        for pair in params.chunks(2) {
            let bias = Tensor::<1>::from_data(
                TensorData::new(pair[1].data.clone(), [pair[1].data.len()]),
                device,
            );
            let s = &pair[0].shape;
            let data = TensorData::new(pair[0].data.clone(), s.clone());
            if s.len() == 4 {
                let mut conv = Conv2dConfig::new([s[1], s[0]], [s[2], s[3]]).init(device);
                conv.weight = Learned::from_tensor(Tensor::<4>::from_data(data, device));
                conv.bias = Some(Learned::from_tensor(bias));
                convs.push(conv);
            } else {
                // burn keeps a linear weight as [in, out]: transpose on the host so it is contiguous.
                let (out, inp) = (s[0], s[1]);
                let mut t = vec![0f32; out * inp];
                for o in 0..out {
                    for i in 0..inp {
                        t[i * out + o] = pair[0].data[o * inp + i];
                    }
                }
                let mut linear = LinearConfig::new(inp, out).init(device);
                linear.weight = Learned::from_tensor(Tensor::<2>::from_data(
                    TensorData::new(t, [inp, out]),
                    device,
                ));
                linear.bias = Some(Learned::from_tensor(bias));
                dense.push(linear);
            }
        }
        let pool = MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init();
        Net { convs, pool, dense }
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let mut x = x;
        if !self.convs.is_empty() {
            let n = x.dims()[0];
            let mut image = x.reshape([n, 1, 28, 28]);
            for conv in &self.convs {
                image = self.pool.forward(relu(conv.forward(image)));
            }
            x = image.flatten(1, 3);
        }
        for (i, layer) in self.dense.iter().enumerate() {
            x = layer.forward(x);
            if i + 1 < self.dense.len() {
                x = relu(x);
            }
        }
        x
    }
}

fn run(mut w: Workload, variant: &str) {
    let (peer, device) = backend();
    let loss_of = {
        let (kind, plain) = (w.loss, device.clone().autodiff());
        let bce = BinaryCrossEntropyLossConfig::new().with_logits(true).init(&plain);
        let ce = CrossEntropyLossConfig::new().init(&plain);
        move |out: Tensor<2>, y: Tensor<1, Int>| match kind {
            Loss::Bce => bce.forward(out.flatten::<1>(0, 1), y),
            Loss::Ce => ce.forward(out, y),
        }
    };
    let scalar = |t: Tensor<1>| t.into_scalar::<f32>() as f64;
    let device_of = if w.kind == Kind::Infer { device.clone() } else { device.clone().autodiff() };
    let data: Vec<(Tensor<2>, Tensor<1, Int>)> = w
        .batches()
        .map(|(x, y)| {
            (
                Tensor::from_data(TensorData::new(x, [w.batch, w.sizes[0]]), &device_of),
                Tensor::from_data(TensorData::new(y, [w.batch]), &device_of),
            )
        })
        .collect();

    if w.kind == Kind::Infer {
        let net = Net::new(take(&mut w.params), &device);
        let last = data.len() - 1;
        let first = scalar(loss_of(net.forward(data[0].0.clone()), data[0].1.clone()));
        measure(peer, &w, variant, first, || {
            let mut out = None;
            for (x, _) in &data {
                out = Some(net.forward(x.clone()));
                device.sync().unwrap();
            }
            scalar(loss_of(out.unwrap(), data[last].1.clone()))
        });
        return;
    }

    let mut net = Some(Net::new(take(&mut w.params), &device_of));
    let mut optim = match w.opt {
        Opt::Adam => AdamConfig::new().with_epsilon(1e-8).init(),
        Opt::Momentum => SgdConfig::new()
            .with_momentum(Some(MomentumConfig::new().with_momentum(0.9).with_dampening(0.0)))
            .init(),
        _ => SgdConfig::new().init(),
    };
    let first = {
        let net = net.as_ref().unwrap();
        scalar(loss_of(net.forward(data[0].0.clone()), data[0].1.clone()))
    };
    measure(peer, &w, variant, first, || {
        let mut last = None;
        for _ in 0..w.epochs {
            for (x, y) in &data {
                let model = net.take().unwrap();
                let loss = loss_of(model.forward(x.clone()), y.clone());
                let grads = GradientsParams::from_grads(loss.backward(), &model);
                net = Some(optim.step(w.lr, model, grads));
                last = Some(loss);
            }
        }
        let loss = scalar(last.unwrap());
        device.sync().unwrap();
        loss
    });
}

fn main() {
    let native = if cfg!(target_feature = "avx512f") { "native" } else { "generic" };
    peers_common::main(&WORKLOADS, &format!("{native}+{}", threads()), run);
}
