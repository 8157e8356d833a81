"""Beam search over models of transformers: without constraints it is transformers' own; with them its promises hold."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from support import tiny_models
from support.table_rows import occurs

import decodex as dx
from decodex.errors import BudgetError, DecodexError, SearchError, UnsatisfiableError, VocabularyError

torch = pytest.importorskip("torch", reason="beam search runs on torch")
transformers = pytest.importorskip("transformers", reason="the models are of transformers")
from decodex import hf  # noqa: E402  # needs torch
from decodex.beam import (  # noqa: E402
    METHODS,
    constrained_beam_search,
    contains_tokens,
    excludes_tokens,
    lexical_beam_search,
)

END = tiny_models.END
PROMPTS = ["hello", "a yes, and then: ", "12"]
Loaded = tuple[Any, Any]


pytestmark = pytest.mark.usefixtures("one_thread")


def random_t5(seed: int = 0) -> Any:
    """An encoder-decoder model with random weights, in evaluation mode."""
    config = transformers.T5Config(
        vocab_size=len(tiny_models.tokenizer()),
        d_model=32,
        d_kv=16,
        d_ff=64,
        num_layers=1,
        num_heads=2,
        decoder_start_token_id=0,
        pad_token_id=0,
        eos_token_id=END,
        tie_word_embeddings=False,
    )
    state = torch.random.get_rng_state()
    torch.manual_seed(seed)
    try:
        model = transformers.T5ForConditionalGeneration(config)
        torch.nn.init.normal_(model.lm_head.weight, std=1.0)
    finally:
        torch.random.set_rng_state(state)
    return model.eval()


@pytest.fixture(scope="module", params=["decoder-only", "encoder-decoder"])
def loaded(request: pytest.FixtureRequest) -> Loaded:
    model = tiny_models.random_llama(spread=0.6) if request.param == "decoder-only" else random_t5()
    return model, tiny_models.tokenizer()


def generated(loaded: Loaded, prompts: list[str], **options: Any) -> list[tuple[list[int], float]]:
    """The new tokens and the score of each text of transformers' ``generate``."""
    model, tokenizer = loaded
    inputs = tokenizer(prompts, return_tensors="pt", padding=True, return_token_type_ids=False)
    out = model.generate(
        **inputs, **options, return_dict_in_generate=True, output_scores=True, pad_token_id=0, do_sample=False
    )
    begin = 1 if model.config.is_encoder_decoder else inputs.input_ids.shape[1]
    rows = [row[begin:].tolist() for row in out.sequences]
    texts = [row[: row.index(END)] if END in row else row for row in rows]
    scores = out.sequences_scores.tolist() if "num_beams" in options else [0.0] * len(texts)
    return list(zip(texts, scores, strict=True))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("num_beams", "length_penalty", "early_stopping"),
    [(3, 1.0, False), (4, 0.0, True), (5, 2.0, "never"), (4, -1.0, False), (2, 0.7, True)],
)
def test_without_constraints_it_is_beam_search(
    loaded: Loaded, method: str, num_beams: int, length_penalty: float, early_stopping: bool | str
) -> None:
    options = {"num_beams": num_beams, "length_penalty": length_penalty, "early_stopping": early_stopping}
    options |= {"max_new_tokens": 14, "num_return_sequences": num_beams}
    mine = lexical_beam_search(*loaded, PROMPTS, method=method, **options)
    theirs = generated(loaded, PROMPTS, **options)
    assert len(theirs) == num_beams * len(PROMPTS)
    for (tokens, score), own in zip(theirs, [text for texts in mine for text in texts], strict=True):
        assert list(own.token_ids) == tokens[: len(own.token_ids)]
        assert set(tokens[len(own.token_ids) :]) <= {0}
        assert own.score == pytest.approx(score, abs=1e-4)


def test_one_beam_is_greedy_search(loaded: Loaded) -> None:
    mine = lexical_beam_search(*loaded, "hello", num_beams=1, max_new_tokens=10)
    assert list(mine[0].token_ids) == generated(loaded, ["hello"], max_new_tokens=10)[0][0]


@pytest.mark.parametrize("method", METHODS)
def test_every_text_keeps_its_constraints(loaded: Loaded, method: str) -> None:
    asked = ["true", ("yes", "ye"), dx.excludes("ca", whole_words=False), dx.regex("[ -~]*")]
    found = lexical_beam_search(
        *loaded, PROMPTS, asked, method=method, max_new_tokens=20, num_beams=6, num_return_sequences=3
    )
    for texts in found:
        assert len(texts) == 3
        assert [text.score for text in texts] == sorted((text.score for text in texts), reverse=True)
        for text in texts:
            assert re.search(r"\btrue\b", text.text) and re.search(r"\byes?\b", text.text)
            assert "ca" not in text.text and re.fullmatch("[ -~]*", text.text)
            assert text.text == loaded[1].decode(text.token_ids)


def test_a_batch_is_its_prompts_one_by_one(loaded: Loaded) -> None:
    own = [["ab"], [], [dx.excludes("a", whole_words=False), "12"]]
    options: dict[str, Any] = {"max_new_tokens": 12, "num_beams": 4, "num_return_sequences": 2}
    batch = lexical_beam_search(*loaded, PROMPTS, "tru", per_prompt=own, **options)
    for prompt, texts, more in zip(PROMPTS, batch, own, strict=True):
        alone = lexical_beam_search(*loaded, prompt, ["tru", *more], **options)
        assert [text.token_ids for text in texts] == [text.token_ids for text in alone]
        assert [text.score for text in texts] == pytest.approx([text.score for text in alone], abs=1e-4)


def test_prompts_of_all_kinds(loaded: Loaded) -> None:
    tokenizer = loaded[1]
    ids = [tokenizer(prompt).input_ids for prompt in PROMPTS]
    options: dict[str, Any] = {"max_new_tokens": 6, "num_beams": 2}
    texts = lexical_beam_search(*loaded, PROMPTS, **options)
    assert lexical_beam_search(*loaded, ids, **options) == texts
    assert lexical_beam_search(*loaded, ids[0], **options)[0].token_ids == texts[0][0].token_ids
    assert lexical_beam_search(*loaded, torch.tensor([ids[0]]), **options)[0][0].token_ids == texts[0][0].token_ids
    chat = lexical_beam_search(*loaded, [{"role": "user", "content": "yes?"}], **options)
    assert chat == lexical_beam_search(*loaded, "<user> yes?\n<assistant> ", **options)


def test_words_of_the_prompt_do_not_count(loaded: Loaded) -> None:
    found = lexical_beam_search(*loaded, "true true", ["true"], max_new_tokens=8, num_beams=3)
    assert re.search(r"\btrue\b", found[0].text)


def test_compiled_constraints_are_taken(loaded: Loaded) -> None:
    constraint = dx.contains("true", "12", ordered=True) & dx.regex("[a-z0-9 ]*")
    compiled = dx.compile(constraint, hf.vocabulary(*loaded))
    options: dict[str, Any] = {"max_new_tokens": 12, "num_beams": 4, "num_return_sequences": 4}
    found = lexical_beam_search(*loaded, "hello", compiled, **options)
    assert found == lexical_beam_search(*loaded, "hello", [constraint], **options)
    for text in found:
        assert compiled.check(text.text).accepted
        assert re.search(r"\btrue\b.*\b12\b", text.text)


def test_the_budget_of_a_compiled_constraint_holds(loaded: Loaded) -> None:
    compiled = dx.compile(dx.contains("true"), hf.vocabulary(*loaded), max_tokens=4)
    for asked in ([compiled], [compiled, "12"]):
        found = lexical_beam_search(
            *loaded, "hello", asked, max_new_tokens=12, num_beams=4, num_return_sequences=4, early_stopping="never"
        )
        assert all(len(text.token_ids) <= 4 and re.search(r"\btrue\b", text.text) for text in found)
    with pytest.raises(BudgetError):
        lexical_beam_search(*loaded, "hello", [compiled, "one", "two"], max_new_tokens=12)


def test_json_beside_a_phrase(loaded: Loaded) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "maxLength": 9}}, "required": ["a"]}
    asked = [dx.json_schema(schema, additional_properties=False, whitespace="compact"), "ab"]
    for text in lexical_beam_search(*loaded, "hello", asked, max_new_tokens=25, num_beams=4):
        assert re.fullmatch(r'\{"a":"[^"]*\bab\b[^"]*"\}', text.text)


def test_a_logits_processor_has_its_say(loaded: Loaded) -> None:
    seen = []

    class No12(transformers.LogitsProcessor):
        def __call__(self, input_ids: Any, scores: Any) -> Any:
            seen.append(input_ids.shape)
            scores[:, 12] = -torch.inf
            return scores

    found = lexical_beam_search(*loaded, "hello", "true", max_new_tokens=8, num_beams=3, logits_processor=[No12()])
    assert all(12 not in text.token_ids for text in found)
    assert [shape[1] - seen[0][1] for shape in seen] == list(range(len(seen)))


def test_no_text_is_better_than_a_wrong_one(loaded: Loaded) -> None:
    with pytest.raises(SearchError, match="up to 3 tokens"):
        lexical_beam_search(*loaded, "hello", ["one", "two"], max_new_tokens=3, num_beams=4)
    with pytest.raises(UnsatisfiableError):
        lexical_beam_search(*loaded, "hello", ["true", dx.excludes("true")])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_beams": 0}, "num_beams is a count"),
        ({"max_new_tokens": 2.0}, "max_new_tokens is a count"),
        ({"num_beams": 2, "num_return_sequences": 3}, "raise num_beams"),
        ({"method": "dba"}, "method is one of 'dynamic'"),
        ({"early_stopping": "always"}, "early_stopping is"),
        ({"length_penalty": "1"}, "length_penalty is a number"),
        ({"per_prompt": [[]]}, "per_prompt has constraints for 1 prompts, and there are 3"),
    ],
)
def test_wrong_options(loaded: Loaded, options: dict[str, Any], message: str) -> None:
    with pytest.raises(DecodexError, match=message):
        lexical_beam_search(*loaded, PROMPTS, **options)


@pytest.mark.parametrize("prompts", ["", [], [[]], [[1], []]])
def test_wrong_prompts(loaded: Loaded, prompts: Any) -> None:
    with pytest.raises(DecodexError, match=r"no tokens|no prompt"):
        lexical_beam_search(*loaded, prompts)


# In transformers' generate


def test_a_decoder_may_have_begun_already() -> None:
    model, tokenizer = random_t5(), tiny_models.tokenizer()
    inputs = tokenizer(PROMPTS, return_tensors="pt", padding=True, return_token_type_ids=False)
    begun = torch.tensor([[0, 70, 71]] * len(PROMPTS))
    options: dict[str, Any] = {"num_beams": 3, "max_new_tokens": 6, "decoder_input_ids": begun}
    mine = model.generate(**inputs, **options, custom_generate=constrained_beam_search)
    theirs = model.generate(**inputs, **options, do_sample=False)
    assert mine.tolist() == theirs.tolist()
    found = model.generate(**inputs, **options, custom_generate=constrained_beam_search, force_words_ids=[[71]])
    assert all(71 in row[3:] for row in found.tolist())  # what stood there before does not count
    options = {"max_new_tokens": 6, "decoder_start_token_id": 5}
    with pytest.raises(DecodexError, match="another start than the decoder_start_token_id"):
        model.generate(**inputs, **options, custom_generate=constrained_beam_search)


def constrained(loaded: Loaded, **options: Any) -> Any:
    model, tokenizer = loaded
    inputs = tokenizer(PROMPTS, return_tensors="pt", padding=True, return_token_type_ids=False)
    options = {"num_beams": 4, "max_new_tokens": 14, "pad_token_id": 0, **options}
    out = model.generate(**inputs, custom_generate=constrained_beam_search, **options)
    begin = 1 if model.config.is_encoder_decoder else inputs.input_ids.shape[1]
    if isinstance(out, torch.Tensor):
        assert model.config.is_encoder_decoder or (out[:, :begin] == inputs.input_ids.repeat_interleave(
            options.get("num_return_sequences", 1), dim=0)).all()
        return out[:, begin:].tolist()
    return out


def test_generate_takes_force_words_ids(loaded: Loaded) -> None:
    words = [[40, 41], [[50, 51, 52], [60]], [70], [70]]
    for method in METHODS:
        found = constrained(loaded, force_words_ids=words, method=method, num_return_sequences=2)
        assert len(found) == 2 * len(PROMPTS)
        for text in found:
            assert occurs([40, 41], text) and (occurs([50, 51, 52], text) or occurs([60], text))
            assert text.count(70) >= 2  # listed twice


def test_generate_takes_old_constraints_and_new_ones(loaded: Loaded) -> None:
    compiled = dx.compile(dx.contains("true") & dx.excludes("a", whole_words=False), hf.vocabulary(*loaded))
    old = SimpleNamespace(token_ids=[40, 41]), SimpleNamespace(token_ids=[[50, 51], [60]])
    for text in constrained(loaded, constraints=[*old, compiled, excludes_tokens([42])]):
        ids = [token for token in text if token not in (0, END)]
        assert occurs([40, 41], ids) and (occurs([50, 51], ids) or 60 in ids) and 42 not in ids
        assert compiled.check(loaded[1].decode(ids)).accepted


def test_generate_is_lexical_beam_search(loaded: Loaded) -> None:
    out = constrained(loaded, force_words_ids=[[40, 41]], return_dict_in_generate=True, length_penalty=0.5)
    mine = lexical_beam_search(
        *loaded, PROMPTS, contains_tokens([40, 41]), num_beams=4, max_new_tokens=14, length_penalty=0.5
    )
    assert out.sequences_scores.tolist() == pytest.approx([texts[0].score for texts in mine], abs=1e-4)


def test_generate_without_constraints_is_beam_search(loaded: Loaded) -> None:
    own = constrained(loaded, num_return_sequences=4)
    theirs = generated(loaded, PROMPTS, num_beams=4, max_new_tokens=14, num_return_sequences=4)
    for row, (tokens, _) in zip(own, theirs, strict=True):
        row = row[: row.index(END)] if END in row else row
        assert row[: len(tokens)] == tokens[: len(row)] and set(row[len(tokens) :] + tokens[len(row) :]) <= {0}


def test_generation_config_and_processors_of_generate(loaded: Loaded) -> None:
    config = transformers.GenerationConfig(
        **{"force_words_ids": [[40, 41]], "bad_words_ids": [[44]]},
        **{"num_beams": 3, "max_new_tokens": 9, "eos_token_id": END, "pad_token_id": 0},
    )
    model, tokenizer = loaded
    inputs = tokenizer("hello", return_tensors="pt", return_token_type_ids=False)
    out = model.generate(**inputs, generation_config=config, custom_generate=constrained_beam_search)[0].tolist()
    assert occurs([40, 41], out) and 44 not in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"do_sample": True}, "does not take do_sample=True"),
        ({"max_time": 3.0}, "does not take the stopping criteria MaxTimeCriteria"),
        ({"return_dict_in_generate": True, "output_logits": True}, "does not take output_scores"),
        ({"force_words_ids": []}, "force_words_ids is a list of phrases"),
        ({"force_words_ids": [[]]}, "takes phrases of token ids"),
        ({"force_words_ids": [[END]]}, "ends a text"),
        ({"force_words_ids": [[1_000_000]]}, "outside of the model's"),
        ({"constraints": ["a phrase"]}, "need a vocabulary"),
        ({"force_words_ids": [[40]], "method": "grids"}, "method is one of"),
    ],
)
def test_what_generate_is_refused(loaded: Loaded, options: dict[str, Any], message: str) -> None:
    with pytest.raises((DecodexError, VocabularyError), match=message):
        constrained(loaded, **options)
