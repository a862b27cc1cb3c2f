/*
 * Properties: however the input is cut, decoding and converting it give the same; decoding does not make it longer; what
 * is converted is UTF-8. The first two bytes choose encoding, charset and cut.
 */
#include "base/buf.h"
#include "base/str.h"
#include "base/utf8.h"
#include "mime/charset.h"
#include "mime/encoding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const charsets[] = { "utf-8", "iso-8859-1", "windows-1252", "koi8-r",
	"gb2312", "shift_jis", "iso-2022-jp", "iso-2022-kr", "big5", "euc-kr", "utf-16",
	"utf-7", "euc-jp" };

static void require(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static void decode(enum mime_encoding encoding, struct str in, size_t step, struct buf *out)
{
	struct mime_decoder decoder;

	mime_decoder_init(&decoder, encoding);
	for (size_t at = 0; at < in.n; at += step)
		mime_decoder_feed(&decoder, str_first(str_from_at(in, at), step), out);
	mime_decoder_finish(&decoder, out);
}

static void convert(struct str name, struct str in, size_t step, struct buf *out)
{
	struct charset charset;

	require(charset_open(&charset, name, NULL) == OK);
	for (size_t at = 0; at < in.n; at += step)
		charset_feed(&charset, str_first(str_from_at(in, at), step), out);
	charset_finish(&charset, out);
	charset_close(&charset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = BUF_INIT(SIZE_MAX), pieces = BUF_INIT(SIZE_MAX);
	struct str in = { (const char *)data + 2, size - 2 }, name;
	enum mime_encoding encoding;
	size_t step;

	if (size < 3)
		return 0;
	encoding = (enum mime_encoding)(data[0] % MIME_ENCODING_COUNT);
	name = str_from(charsets[data[0] / 8 % COUNT(charsets)]);
	step = 1 + data[1] % 40;
	decode(encoding, in, in.n, &whole);
	decode(encoding, in, step, &pieces);
	require(whole.n <= in.n);
	require(str_equal(buf_str(&whole), buf_str(&pieces)));
	buf_clear(&whole);
	buf_clear(&pieces);
	convert(name, in, in.n, &whole);
	convert(name, in, step, &pieces);
	require(utf8_is_valid(buf_str(&whole)));
	require(str_equal(buf_str(&whole), buf_str(&pieces)));
	buf_release(&whole);
	buf_release(&pieces);
	return 0;
}
