# Writes the npz files beside it with numpy (2.4 here): stored, deflated, and as a stream that cannot seek back,
# which is how sizes come to stand behind the data. expected.json holds dtype, shape and values.
import io, json
import numpy as np

arrays = {
    'bool': np.array([True, False, True]),
    'uint8': np.array([0, 255], np.uint8),
    'int8': np.array([-128, 127], np.int8),
    'uint16': np.array([0, 65535], np.uint16),
    'int16': np.array([-32768, 32767], np.int16),
    'uint32': np.array([0, 2**32 - 1], np.uint32),
    'int32': np.array([-2**31, 2**31 - 1], np.int32),
    'uint64': np.array([0, 2**64 - 1], np.uint64),
    'int64': np.array([-2**63, 2**63 - 1], np.int64),
    'float16': np.array([1.5, -65504, 2**-24, np.inf], np.float16),
    'float32': np.arange(6, dtype=np.float32).reshape(2, 3) / 7,
    'float64': np.array([np.pi, -np.inf]),
    'scalar': np.float32(2.5),
    'empty': np.zeros((2, 0, 3), np.float32),
    'fortran': np.asfortranarray(np.arange(24, dtype=np.int32).reshape(2, 3, 4)),
    'big': np.arange(-2, 3, dtype='>f8'),
    'fortran big': np.asfortranarray(np.arange(6, dtype='>i2').reshape(3, 2)),
    'path/of/ünï 😀': np.arange(300, dtype=np.float32).reshape(20, 15),
}


class Stream(io.RawIOBase):
    def __init__(self, file):
        self.file = file

    def writable(self):
        return True

    def write(self, data):
        return self.file.write(data)


np.savez('stored.npz', **arrays)
np.savez_compressed('deflated.npz', **arrays)
with open('streamed.npz', 'wb') as file:
    np.savez(Stream(file), **arrays)
expected = {
    name: {
        'dtype': array.dtype.newbyteorder('=').name,
        'shape': list(np.shape(array)),
        'values': [str(x) if array.dtype.itemsize == 8 and array.dtype.kind in 'iu' or np.isinf(x) else x for x in np.ravel(array).tolist()],
    }
    for name, array in arrays.items()
}
with open('expected.json', 'w') as file:
    json.dump(expected, file, indent=2)
    file.write('\n')
