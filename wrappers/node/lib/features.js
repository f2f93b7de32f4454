// SPDX-License-Identifier: MIT
import { native, textOf } from './native.js';

export function version() {
  const number = native.sysfd_version();
  return [Math.trunc(number / 1e6), Math.trunc(number / 1e3) % 1e3, number % 1e3].join('.');
}

export function features() {
  const bits = BigInt(native.sysfd_features());
  const result = {};
  for (let feature = 0; ; ++feature) {
    const name = textOf((buffer, size) => native.sysfd_feature_name(feature, buffer, size));
    if (name === null) return result;
    result[name] = ((bits >> BigInt(feature)) & 1n) === 1n;
  }
}
