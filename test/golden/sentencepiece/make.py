# Models and ids of the reference, made with sentencepiece 0.2.2 (pip install sentencepiece) on a few CLDR names:
#   python test/golden/sentencepiece/make.py
# expected.json holds texts and the ids of the pieces each model cuts them into. Ids are exact. Between them the models
# have: unigram and BPE, rules of normalisation, bytes for what is unknown, spaces added before, behind and not at
# all, extra spaces removed and kept, pieces defined by the user, and pieces marked as unused.

import json
import os
import random
from pathlib import Path

import sentencepiece as spm

HERE = Path(__file__).parent
CLDR = HERE.parents[2] / 'node_modules/cldr-annotations-full/annotations'
TRAINED, UNSEEN = ['en', 'de', 'el', 'ja', 'ar'], ['ru']
USER_DEFINED = ['<sep>', 'cat', 'ﬁ', '▁the', '  ']
RULES = [
    ('Å', 'å'), ('ﬁ', 'fi'), ('か\u3099', 'が'), ('\u3000', ' '), ('\t', ' '), ('\u200b', ''), ('--', '—'),
    ('…', '...'), ('~', ' x '), ('¨', '  '), ('ﷺ', 'صلى الله عليه وسلم'),
]
ODD = [
    '', ' ', '   ', '\u3000', '¨', '~', ' ~ ', '▁', '▁▁', 'a▁', 'a ▁ ', '\0', 'a\0b', '<s>', '<unk>', '<0x41>',
    'x<sep>y', 'a<sep> cat  catcat', '  a   b  ', 'the the', 'ﬁne ﬁ', 'Å--Å…', 'ﷺ', 'か\u3099き', '\ufefftext',
    'e\u0301', '\U0001f469\u200d\U0001f680 astronaut', '\U0010ffff\U0010ffff\U0010ffff', 'ሰላም ለዓለም', 'שלום',
    'a\u200b\u200bb', '\t a\t', 'zzzzzzzzzzzzzzzz', '日本語の文章です。', '12345',
]


def words_of(language):
    annotations = json.loads((CLDR / language / 'annotations.json').read_text())['annotations']['annotations']
    return sorted({word for each in annotations.values() for word in each.get('tts', []) + each.get('default', [])})


def read_varint(data, at):
    value, shift = 0, 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def with_unused(model):
    """Every third normal piece of more than one character gets the type UNUSED. Pieces come first, below 128 bytes."""
    out, at, count = b'', 0, 0
    while model[at] == 10:
        size, start = read_varint(model, at + 1)
        piece = model[start : start + size]
        at = start + size
        if b'\x18' not in piece[-2:] and len(piece[2 : 2 + piece[1]].decode()) > 1:
            count += 1
            piece += b'\x18\x05' if count % 3 == 0 else b''
        out += bytes([10, len(piece)]) + piece
    return out + model[at:]


def make(name, unused=False, **options):
    spm.SentencePieceTrainer.train(
        input='corpus.txt', model_prefix=name, num_threads=1, minloglevel=2, character_coverage=0.98, **options
    )
    model = Path(f'{name}.model').read_bytes()
    Path(f'{name}.model').write_bytes(with_unused(model) if unused else model)
    os.remove(f'{name}.vocab')


def main():
    os.chdir(HERE)
    random.seed(11)
    words = {language: words_of(language) for language in TRAINED + UNSEEN}
    lines = [word for language in TRAINED for word in words[language][::30]]
    Path('corpus.txt').write_text('\n'.join(lines))
    points = lambda text: ' '.join(f'{ord(character):X}' for character in text)
    Path('rules.tsv').write_text(''.join(f'{points(a)}\t{points(b)}\n' for a, b in RULES))

    rules = {'normalization_rule_tsv': 'rules.tsv', 'vocab_size': 420, 'unused': True}
    as_it_is = {'normalization_rule_name': 'identity', 'vocab_size': 640, 'byte_fallback': True}
    as_it_is['remove_extra_whitespaces'] = False
    make('unigram', user_defined_symbols=USER_DEFINED[:3], **rules)
    make('unigram-bytes', add_dummy_prefix=False, **as_it_is)
    make('bpe', model_type='bpe', treat_whitespace_as_suffix=True, **rules)
    make('bpe-bytes', model_type='bpe', user_defined_symbols=USER_DEFINED, split_by_whitespace=False, **as_it_is)

    texts = ODD + [' '.join(random.sample(words[language], 1 + i % 6)) for language in words for i in range(8)]
    texts.append(' '.join(random.sample(lines, 120)))
    ids = {}
    for name in ['unigram', 'unigram-bytes', 'bpe', 'bpe-bytes']:
        processor = spm.SentencePieceProcessor(model_file=f'{name}.model')
        ids[name] = [processor.encode(text) for text in texts]
    Path('expected.json').write_text(json.dumps({'texts': texts, 'ids': ids}) + '\n')
    os.remove('corpus.txt')
    os.remove('rules.tsv')


main()
