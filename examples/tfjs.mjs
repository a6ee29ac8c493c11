// A model of TensorFlow.js with a norm of evenkeel. It learns to tell whether two numbers have the same sign.
// npm install @tensorflow/tfjs
import * as tf from '@tensorflow/tfjs'
import { batchNormalization } from 'evenkeel/tfjs'

const x = tf.randomUniform([512, 2], -1, 1, 'float32', 1)
const [a, b] = tf.split(x, 2, 1)
const y = tf.greater(tf.mul(a, b), 0).cast('float32')

const initializer = (seed) => tf.initializers.heNormal({ seed })
const model = tf.sequential()
model.add(tf.layers.dense({ units: 32, useBias: false, inputShape: [2], kernelInitializer: initializer(1) }))
model.add(batchNormalization({ momentum: 0.9 }))
model.add(tf.layers.reLU())
model.add(tf.layers.dense({ units: 1, activation: 'sigmoid', kernelInitializer: initializer(2) }))
model.compile({ optimizer: tf.train.adam(0.02), loss: 'binaryCrossentropy' })

await model.fit(x, y, {
  epochs: 30,
  batchSize: 64,
  shuffle: false,
  verbose: 0,
  callbacks: {
    onEpochEnd: (epoch, { loss }) =>
      epoch % 10 === 9 && console.log(`epoch ${epoch + 1}: loss ${loss.toFixed(3)}`),
  },
})
const right = tf
  .equal(tf.round(model.predict(x)), y)
  .sum()
  .dataSync()[0]
console.log(`${right} of 512 right`)
