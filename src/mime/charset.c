#include "mime/charset.h"

#include "mime/limits.h"

#include "base/buf.h"
#include "base/cursor.h"
#include "base/str.h"
#include "base/utf8.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

/*
 * The list, sorted by name. gb2312 is read as its superset gb18030, shift_jis as cp932, euc-kr as uhc, and so on,
 * because that is what goes by these names. No ISO-2022-CN and no EBCDIC: nobody writes mail in them.
 */
static const struct entry {
	struct str name;
	const char *canonical;
	enum charset_kind kind;
} charsets[] = {
	{ STR_INIT("7bit"), "UTF-8", CHARSET_UTF8 },
	{ STR_INIT("8859-1"), "ISO-8859-1", CHARSET_LATIN1 },
	{ STR_INIT("8859-2"), "ISO-8859-2", CHARSET_ICONV },
	{ STR_INIT("8bit"), "UTF-8", CHARSET_UTF8 },
	{ STR_INIT("ansi"), "CP1252", CHARSET_ICONV },
	{ STR_INIT("ansi_x3.4-1968"), "UTF-8", CHARSET_UTF8 },
	{ STR_INIT("arabic"), "ISO-8859-6", CHARSET_ICONV },
	{ STR_INIT("armscii-8"), "ARMSCII-8", CHARSET_ICONV },
	{ STR_INIT("ascii"), "UTF-8", CHARSET_UTF8 },
	{ STR_INIT("big-5"), "BIG5-HKSCS", CHARSET_ICONV },
	{ STR_INIT("big5"), "BIG5-HKSCS", CHARSET_ICONV },
	{ STR_INIT("big5-hkscs"), "BIG5-HKSCS", CHARSET_ICONV },
	{ STR_INIT("chinese"), "GB18030", CHARSET_ICONV },
	{ STR_INIT("cn-big5"), "BIG5-HKSCS", CHARSET_ICONV },
	{ STR_INIT("cp-1251"), "CP1251", CHARSET_ICONV },
	{ STR_INIT("cp1250"), "CP1250", CHARSET_ICONV },
	{ STR_INIT("cp1251"), "CP1251", CHARSET_ICONV },
	{ STR_INIT("cp1252"), "CP1252", CHARSET_ICONV },
	{ STR_INIT("cp1253"), "CP1253", CHARSET_ICONV },
	{ STR_INIT("cp1254"), "CP1254", CHARSET_ICONV },
	{ STR_INIT("cp1255"), "CP1255", CHARSET_ICONV },
	{ STR_INIT("cp1256"), "CP1256", CHARSET_ICONV },
	{ STR_INIT("cp1257"), "CP1257", CHARSET_ICONV },
	{ STR_INIT("cp1258"), "CP1258", CHARSET_ICONV },
	{ STR_INIT("cp437"), "IBM437", CHARSET_ICONV },
	{ STR_INIT("cp65001"), "UTF-8", CHARSET_UTF8 },
	{ STR_INIT("cp819"), "ISO-8859-1", CHARSET_LATIN1 },
	{ STR_INIT("cp850"), "IBM850", CHARSET_ICONV },
	{ STR_INIT("cp852"), "IBM852", CHARSET_ICONV },
	{ STR_INIT("cp855"), "IBM855", CHARSET_ICONV },
	{ STR_INIT("cp858"), "IBM858", CHARSET_ICONV },
	{ STR_INIT("cp862"), "IBM862", CHARSET_ICONV },
	{ STR_INIT("cp866"), "IBM866", CHARSET_ICONV },
	{ STR_INIT("cp874"), "CP874", CHARSET_ICONV },
	{ STR_INIT("cp932"), "CP932", CHARSET_ICONV },
	{ STR_INIT("cp936"), "GB18030", CHARSET_ICONV },
	{ STR_INIT("cp949"), "UHC", CHARSET_ICONV },
	{ STR_INIT("cp950"), "BIG5-HKSCS", CHARSET_ICONV },
	{ STR_INIT("csbig5"), "BIG5-HKSCS", CHARSET_ICONV },
	{ STR_INIT("cseuckr"), "UHC", CHARSET_ICONV },
	{ STR_INIT("cseucpkdfmtjapanese"), "EUC-JP-MS", CHARSET_ICONV },
	{ STR_INIT("csgb2312"), "GB18030", CHARSET_ICONV },
	{ STR_INIT("csiso2022jp"), "ISO-2022-JP", CHARSET_ICONV },
	{ STR_INIT("csiso2022kr"), "ISO-2022-KR", CHARSET_ICONV },
	{ STR_INIT("csisolatin1"), "ISO-8859-1", CHARSET_LATIN1 },
	{ STR_INIT("csisolatin2"), "ISO-8859-2", CHARSET_ICONV },
	{ STR_INIT("cskoi8r"), "KOI8-R", CHARSET_ICONV },
	{ STR_INIT("csshiftjis"), "CP932", CHARSET_ICONV },
	{ STR_INIT("csunicode"), "UTF-16", CHARSET_ICONV },
	{ STR_INIT("csunicode11utf7"), "UTF-7", CHARSET_ICONV },
	{ STR_INIT("cyrillic"), "ISO-8859-5", CHARSET_ICONV },
	{ STR_INIT("dos-437"), "IBM437", CHARSET_ICONV },
	{ STR_INIT("dos-850"), "IBM850", CHARSET_ICONV },
	{ STR_INIT("dos-866"), "IBM866", CHARSET_ICONV },
	{ STR_INIT("dos-874"), "CP874", CHARSET_ICONV },
	{ STR_INIT("euc-cn"), "GB18030", CHARSET_ICONV },
	{ STR_INIT("euc-jp"), "EUC-JP-MS", CHARSET_ICONV },
	{ STR_INIT("euc-kr"), "UHC", CHARSET_ICONV },
	{ STR_INIT("eucjp"), "EUC-JP-MS", CHARSET_ICONV },
	{ STR_INIT("euckr"), "UHC", CHARSET_ICONV },
	{ STR_INIT("gb-2312"), "GB18030", CHARSET_ICONV },
	{ STR_INIT("gb18030"), "GB18030", CHARSET_ICONV },
	{ STR_INIT("gb2312"), "GB18030", CHARSET_ICONV },
	{ STR_INIT("gb_2312-80"), "GB18030", CHARSET_ICONV },
	{ STR_INIT("gbk"), "GB18030", CHARSET_ICONV },
	{ STR_INIT("georgian-ps"), "GEORGIAN-PS", CHARSET_ICONV },
	{ STR_INIT("greek"), "ISO-8859-7", CHARSET_ICONV },
	{ STR_INIT("hebrew"), "ISO-8859-8", CHARSET_ICONV },
	{ STR_INIT("ibm00858"), "IBM858", CHARSET_ICONV },
	{ STR_INIT("ibm437"), "IBM437", CHARSET_ICONV },
	{ STR_INIT("ibm819"), "ISO-8859-1", CHARSET_LATIN1 },
	{ STR_INIT("ibm850"), "IBM850", CHARSET_ICONV },
	{ STR_INIT("ibm852"), "IBM852", CHARSET_ICONV },
	{ STR_INIT("ibm855"), "IBM855", CHARSET_ICONV },
	{ STR_INIT("ibm858"), "IBM858", CHARSET_ICONV },
	{ STR_INIT("ibm862"), "IBM862", CHARSET_ICONV },
	{ STR_INIT("ibm866"), "IBM866", CHARSET_ICONV },
	{ STR_INIT("iso-2022-jp"), "ISO-2022-JP", CHARSET_ICONV },
	{ STR_INIT("iso-2022-jp-2"), "ISO-2022-JP-2", CHARSET_ICONV },
	{ STR_INIT("iso-2022-kr"), "ISO-2022-KR", CHARSET_ICONV },
	{ STR_INIT("iso-8859-1"), "ISO-8859-1", CHARSET_LATIN1 },
	{ STR_INIT("iso-8859-10"), "ISO-8859-10", CHARSET_ICONV },
	{ STR_INIT("iso-8859-11"), "ISO-8859-11", CHARSET_ICONV },
	{ STR_INIT("iso-8859-13"), "ISO-8859-13", CHARSET_ICONV },
	{ STR_INIT("iso-8859-14"), "ISO-8859-14", CHARSET_ICONV },
	{ STR_INIT("iso-8859-15"), "ISO-8859-15", CHARSET_ICONV },
	{ STR_INIT("iso-8859-16"), "ISO-8859-16", CHARSET_ICONV },
	{ STR_INIT("iso-8859-2"), "ISO-8859-2", CHARSET_ICONV },
	{ STR_INIT("iso-8859-3"), "ISO-8859-3", CHARSET_ICONV },
	{ STR_INIT("iso-8859-4"), "ISO-8859-4", CHARSET_ICONV },
	{ STR_INIT("iso-8859-5"), "ISO-8859-5", CHARSET_ICONV },
	{ STR_INIT("iso-8859-6"), "ISO-8859-6", CHARSET_ICONV },
	{ STR_INIT("iso-8859-6-e"), "ISO-8859-6", CHARSET_ICONV },
	{ STR_INIT("iso-8859-6-i"), "ISO-8859-6", CHARSET_ICONV },
	{ STR_INIT("iso-8859-7"), "ISO-8859-7", CHARSET_ICONV },
	{ STR_INIT("iso-8859-8"), "ISO-8859-8", CHARSET_ICONV },
	{ STR_INIT("iso-8859-8-e"), "ISO-8859-8", CHARSET_ICONV },
	{ STR_INIT("iso-8859-8-i"), "ISO-8859-8", CHARSET_ICONV },
	{ STR_INIT("iso-8859-9"), "ISO-8859-9", CHARSET_ICONV },
	{ STR_INIT("iso-8859_1"), "ISO-8859-1", CHARSET_LATIN1 },
	{ STR_INIT("iso646-us"), "UTF-8", CHARSET_UTF8 },
	{ STR_INIT("iso8859-1"), "ISO-8859-1", CHARSET_LATIN1 },
	{ STR_INIT("iso8859-10"), "ISO-8859-10", CHARSET_ICONV },
	{ STR_INIT("iso8859-11"), "ISO-8859-11", CHARSET_ICONV },
	{ STR_INIT("iso8859-13"), "ISO-8859-13", CHARSET_ICONV },
	{ STR_INIT("iso8859-14"), "ISO-8859-14", CHARSET_ICONV },
	{ STR_INIT("iso8859-15"), "ISO-8859-15", CHARSET_ICONV },
	{ STR_INIT("iso8859-16"), "ISO-8859-16", CHARSET_ICONV },
	{ STR_INIT("iso8859-2"), "ISO-8859-2", CHARSET_ICONV },
	{ STR_INIT("iso8859-3"), "ISO-8859-3", CHARSET_ICONV },
	{ STR_INIT("iso8859-4"), "ISO-8859-4", CHARSET_ICONV },
	{ STR_INIT("iso8859-5"), "ISO-8859-5", CHARSET_ICONV },
	{ STR_INIT("iso8859-6"), "ISO-8859-6", CHARSET_ICONV },
	{ STR_INIT("iso8859-7"), "ISO-8859-7", CHARSET_ICONV },
	{ STR_INIT("iso8859-8"), "ISO-8859-8", CHARSET_ICONV },
	{ STR_INIT("iso8859-9"), "ISO-8859-9", CHARSET_ICONV },
	{ STR_INIT("iso8859_1"), "ISO-8859-1", CHARSET_LATIN1 },
	{ STR_INIT("iso_646.irv:1991"), "UTF-8", CHARSET_UTF8 },
	{ STR_INIT("iso_8859-1"), "ISO-8859-1", CHARSET_LATIN1 },
	{ STR_INIT("iso_8859-15"), "ISO-8859-15", CHARSET_ICONV },
	{ STR_INIT("iso_8859-1:1987"), "ISO-8859-1", CHARSET_LATIN1 },
	{ STR_INIT("iso_8859-2"), "ISO-8859-2", CHARSET_ICONV },
	{ STR_INIT("iso_8859-3"), "ISO-8859-3", CHARSET_ICONV },
	{ STR_INIT("iso_8859-4"), "ISO-8859-4", CHARSET_ICONV },
	{ STR_INIT("iso_8859-5"), "ISO-8859-5", CHARSET_ICONV },
	{ STR_INIT("iso_8859-6"), "ISO-8859-6", CHARSET_ICONV },
	{ STR_INIT("iso_8859-7"), "ISO-8859-7", CHARSET_ICONV },
	{ STR_INIT("iso_8859-8"), "ISO-8859-8", CHARSET_ICONV },
	{ STR_INIT("iso_8859-9"), "ISO-8859-9", CHARSET_ICONV },
	{ STR_INIT("koi8"), "KOI8-R", CHARSET_ICONV },
	{ STR_INIT("koi8-r"), "KOI8-R", CHARSET_ICONV },
	{ STR_INIT("koi8-u"), "KOI8-U", CHARSET_ICONV },
	{ STR_INIT("koi8r"), "KOI8-R", CHARSET_ICONV },
	{ STR_INIT("koi8u"), "KOI8-U", CHARSET_ICONV },
	{ STR_INIT("korean"), "UHC", CHARSET_ICONV },
	{ STR_INIT("ks_c_5601"), "UHC", CHARSET_ICONV },
	{ STR_INIT("ks_c_5601-1987"), "UHC", CHARSET_ICONV },
	{ STR_INIT("ks_c_5601-1989"), "UHC", CHARSET_ICONV },
	{ STR_INIT("ksc5601"), "UHC", CHARSET_ICONV },
	{ STR_INIT("ksc_5601"), "UHC", CHARSET_ICONV },
	{ STR_INIT("l1"), "ISO-8859-1", CHARSET_LATIN1 },
	{ STR_INIT("l2"), "ISO-8859-2", CHARSET_ICONV },
	{ STR_INIT("latin-1"), "ISO-8859-1", CHARSET_LATIN1 },
	{ STR_INIT("latin-9"), "ISO-8859-15", CHARSET_ICONV },
	{ STR_INIT("latin1"), "ISO-8859-1", CHARSET_LATIN1 },
	{ STR_INIT("latin10"), "ISO-8859-16", CHARSET_ICONV },
	{ STR_INIT("latin2"), "ISO-8859-2", CHARSET_ICONV },
	{ STR_INIT("latin3"), "ISO-8859-3", CHARSET_ICONV },
	{ STR_INIT("latin4"), "ISO-8859-4", CHARSET_ICONV },
	{ STR_INIT("latin5"), "ISO-8859-9", CHARSET_ICONV },
	{ STR_INIT("latin6"), "ISO-8859-10", CHARSET_ICONV },
	{ STR_INIT("latin7"), "ISO-8859-13", CHARSET_ICONV },
	{ STR_INIT("latin8"), "ISO-8859-14", CHARSET_ICONV },
	{ STR_INIT("latin9"), "ISO-8859-15", CHARSET_ICONV },
	{ STR_INIT("mac"), "MACINTOSH", CHARSET_ICONV },
	{ STR_INIT("mac-cyrillic"), "MAC-CYRILLIC", CHARSET_ICONV },
	{ STR_INIT("macintosh"), "MACINTOSH", CHARSET_ICONV },
	{ STR_INIT("macroman"), "MACINTOSH", CHARSET_ICONV },
	{ STR_INIT("ms932"), "CP932", CHARSET_ICONV },
	{ STR_INIT("ms936"), "GB18030", CHARSET_ICONV },
	{ STR_INIT("ms950"), "BIG5-HKSCS", CHARSET_ICONV },
	{ STR_INIT("ms_kanji"), "CP932", CHARSET_ICONV },
	{ STR_INIT("shift-jis"), "CP932", CHARSET_ICONV },
	{ STR_INIT("shift_jis"), "CP932", CHARSET_ICONV },
	{ STR_INIT("sjis"), "CP932", CHARSET_ICONV },
	{ STR_INIT("tcvn"), "TCVN5712-1", CHARSET_ICONV },
	{ STR_INIT("tcvn-5712"), "TCVN5712-1", CHARSET_ICONV },
	{ STR_INIT("tcvn5712-1"), "TCVN5712-1", CHARSET_ICONV },
	{ STR_INIT("tis-620"), "CP874", CHARSET_ICONV },
	{ STR_INIT("tis620"), "CP874", CHARSET_ICONV },
	{ STR_INIT("ucs-2"), "UTF-16", CHARSET_ICONV },
	{ STR_INIT("uhc"), "UHC", CHARSET_ICONV },
	{ STR_INIT("unicode"), "UTF-16", CHARSET_ICONV },
	{ STR_INIT("unicode-1-1-utf-7"), "UTF-7", CHARSET_ICONV },
	{ STR_INIT("unicode-1-1-utf-8"), "UTF-8", CHARSET_UTF8 },
	{ STR_INIT("unicodelittle"), "UTF-16LE", CHARSET_ICONV },
	{ STR_INIT("unknown"), "UTF-8", CHARSET_UTF8 },
	{ STR_INIT("unknown-8bit"), "UTF-8", CHARSET_UTF8 },
	{ STR_INIT("us"), "UTF-8", CHARSET_UTF8 },
	{ STR_INIT("us-ascii"), "UTF-8", CHARSET_UTF8 },
	{ STR_INIT("utf-16"), "UTF-16", CHARSET_ICONV },
	{ STR_INIT("utf-16be"), "UTF-16BE", CHARSET_ICONV },
	{ STR_INIT("utf-16le"), "UTF-16LE", CHARSET_ICONV },
	{ STR_INIT("utf-32"), "UTF-32", CHARSET_ICONV },
	{ STR_INIT("utf-32be"), "UTF-32BE", CHARSET_ICONV },
	{ STR_INIT("utf-32le"), "UTF-32LE", CHARSET_ICONV },
	{ STR_INIT("utf-7"), "UTF-7", CHARSET_ICONV },
	{ STR_INIT("utf-8"), "UTF-8", CHARSET_UTF8 },
	{ STR_INIT("utf-8-bom"), "UTF-8", CHARSET_UTF8 },
	{ STR_INIT("utf16"), "UTF-16", CHARSET_ICONV },
	{ STR_INIT("utf16be"), "UTF-16BE", CHARSET_ICONV },
	{ STR_INIT("utf16le"), "UTF-16LE", CHARSET_ICONV },
	{ STR_INIT("utf32"), "UTF-32", CHARSET_ICONV },
	{ STR_INIT("utf7"), "UTF-7", CHARSET_ICONV },
	{ STR_INIT("utf8"), "UTF-8", CHARSET_UTF8 },
	{ STR_INIT("utf8mb4"), "UTF-8", CHARSET_UTF8 },
	{ STR_INIT("utf_8"), "UTF-8", CHARSET_UTF8 },
	{ STR_INIT("viscii"), "VISCII", CHARSET_ICONV },
	{ STR_INIT("win-1251"), "CP1251", CHARSET_ICONV },
	{ STR_INIT("windows-1250"), "CP1250", CHARSET_ICONV },
	{ STR_INIT("windows-1251"), "CP1251", CHARSET_ICONV },
	{ STR_INIT("windows-1252"), "CP1252", CHARSET_ICONV },
	{ STR_INIT("windows-1253"), "CP1253", CHARSET_ICONV },
	{ STR_INIT("windows-1254"), "CP1254", CHARSET_ICONV },
	{ STR_INIT("windows-1255"), "CP1255", CHARSET_ICONV },
	{ STR_INIT("windows-1256"), "CP1256", CHARSET_ICONV },
	{ STR_INIT("windows-1257"), "CP1257", CHARSET_ICONV },
	{ STR_INIT("windows-1258"), "CP1258", CHARSET_ICONV },
	{ STR_INIT("windows-31j"), "CP932", CHARSET_ICONV },
	{ STR_INIT("windows-874"), "CP874", CHARSET_ICONV },
	{ STR_INIT("windows-949"), "UHC", CHARSET_ICONV },
	{ STR_INIT("x-cp1250"), "CP1250", CHARSET_ICONV },
	{ STR_INIT("x-cp1251"), "CP1251", CHARSET_ICONV },
	{ STR_INIT("x-cp1252"), "CP1252", CHARSET_ICONV },
	{ STR_INIT("x-euc-jp"), "EUC-JP-MS", CHARSET_ICONV },
	{ STR_INIT("x-gbk"), "GB18030", CHARSET_ICONV },
	{ STR_INIT("x-mac-cyrillic"), "MAC-CYRILLIC", CHARSET_ICONV },
	{ STR_INIT("x-mac-roman"), "MACINTOSH", CHARSET_ICONV },
	{ STR_INIT("x-sjis"), "CP932", CHARSET_ICONV },
	{ STR_INIT("x-unknown"), "UTF-8", CHARSET_UTF8 },
	{ STR_INIT("x-utf-8"), "UTF-8", CHARSET_UTF8 },
	{ STR_INIT("x-x-big5"), "BIG5-HKSCS", CHARSET_ICONV },
};

static const struct entry *find_entry(struct str name)
{
	size_t low = 0, high = COUNT(charsets);
	char lower[MIME_CHARSET_NAME_MAX];

	name = str_trim(name);
	if (name.n > sizeof(lower))
		return NULL;
	for (size_t i = 0; i < name.n; i++)
		lower[i] = ascii_lower(name.p[i]);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = str_compare(charsets[middle].name, (struct str){ lower, name.n });

		if (order == 0)
			return &charsets[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const char *charset_canonical(struct str name)
{
	const struct entry *entry;

	if (name.n == 0)
		return "UTF-8";
	entry = find_entry(name);
	return entry ? entry->canonical : NULL;
}

bool charset_is_known(struct str name)
{
	return charset_canonical(name) != NULL;
}

enum errc charset_open(struct charset *charset, struct str name, struct err *err)
{
	const struct entry *entry = find_entry(name);
	iconv_t cd;

	*charset = (struct charset){ .kind = CHARSET_UTF8 };
	if (name.n == 0)
		return OK;
	if (!entry)
		return err_set(
		    err, ERR_UNSUPPORTED, "charset %.*s is not known", STR_ARG(name));
	if (entry->kind != CHARSET_ICONV) {
		charset->kind = entry->kind;
		return OK;
	}
	cd = iconv_open("UTF-8", entry->canonical);
	if (cd == (iconv_t)-1)
		return err_set(err, ERR_UNSUPPORTED,
		    "charset %s: no converter in the C library", entry->canonical);
	charset->kind = CHARSET_ICONV;
	charset->iconv = cd;
	return OK;
}

void charset_open_lenient(struct charset *charset, struct str name)
{
	if (charset_open(charset, name, NULL) != OK)
		*charset = (struct charset){ .kind = CHARSET_UTF8 };
}

void charset_close(struct charset *charset)
{
	if (charset->kind == CHARSET_ICONV && charset->iconv)
		(void)iconv_close(charset->iconv);
	*charset = (struct charset){ .kind = CHARSET_UTF8 };
}

void charset_reset(struct charset *charset)
{
	charset->pending_count = 0;
	if (charset->kind == CHARSET_ICONV)
		(void)iconv(charset->iconv, NULL, NULL, NULL, NULL);
}

size_t charset_ascii_run(struct str s)
{
	size_t i = 0;

	for (; i + sizeof(uint64_t) <= s.n; i += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, s.p + i, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (i < s.n && (unsigned char)s.p[i] < 0x80)
		i++;
	return i;
}

/* How many bytes a UTF-8 character would have that begins so; 1 for what begins none. */
static size_t announced_len(unsigned char first)
{
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 1;
}

static bool is_cut(const char *p, const char *end)
{
	if ((size_t)(end - p) >= announced_len((unsigned char)*p))
		return false;
	for (p++; p < end; p++)
		if (((unsigned char)*p & 0xc0) != 0x80)
			return false;
	return true;
}

/* Copies well-formed text; returns where an incomplete character begins, or the end. */
static const char *copy_utf8(struct str in, struct buf *out)
{
	struct cursor c = cursor_of(in);
	const char *start = c.p;

	for (;;) {
		uint32_t code;

		c.p += charset_ascii_run(cursor_rest(&c));
		if (c.p == c.end)
			break;
		if (utf8_next(&c, &code))
			continue;
		buf_add(out, start, (size_t)(c.p - start));
		if (is_cut(c.p, c.end))
			return c.p;
		BUF_ADD(out, REPLACEMENT);
		start = ++c.p;
	}
	buf_add(out, start, (size_t)(c.p - start));
	return c.p;
}

static const char *convert_latin1(struct str in, struct buf *out)
{
	size_t i = 0;

	for (;;) {
		size_t run = charset_ascii_run(str_from_at(in, i));
		unsigned char byte;
		char two[2];

		buf_add(out, in.p + i, run);
		i += run;
		if (i == in.n)
			break;
		byte = (unsigned char)in.p[i++];
		two[0] = (char)(unsigned char)(0xc0 | byte >> 6);
		two[1] = (char)(unsigned char)(0x80 | (byte & 0x3f));
		buf_add(out, two, sizeof(two));
	}
	return in.p + in.n;
}

static const char *convert_iconv(iconv_t cd, struct str in, struct buf *out)
{
	char *p =
	    (char *)(uintptr_t)in.p; /* iconv does not write there, whatever its type says */
	size_t left = in.n;

	while (left > 0) {
		char block[2048], *dst = block;
		size_t room = sizeof(block);
		size_t rc = iconv(cd, &p, &left, &dst, &room);
		int why = rc == (size_t)-1 ? errno : 0;

		buf_add(out, block, sizeof(block) - room);
		if (why == EINVAL && left < CHARSET_PENDING_MAX)
			break;
		if (why != 0 && why != E2BIG && left > 0) {
			BUF_ADD(out, REPLACEMENT);
			p++;
			left--;
		}
	}
	return p;
}

static const char *convert(struct charset *charset, struct str in, struct buf *out)
{
	switch (charset->kind) {
	case CHARSET_UTF8:
		return copy_utf8(in, out);
	case CHARSET_LATIN1:
		return convert_latin1(in, out);
	case CHARSET_ICONV:
		break;
	}
	return convert_iconv(charset->iconv, in, out);
}

static void keep_pending(struct charset *charset, const char *p, size_t n)
{
	memmove(charset->pending, p, n);
	charset->pending_count = n;
}

/*
 * Completes the character that waits with bytes of the new block, one at a time: it is short. Returns how many
 * bytes of `in` were used.
 */
static size_t complete_pending(struct charset *charset, struct str in, struct buf *out)
{
	size_t used = 0;

	while (charset->pending_count > 0 && used < in.n) {
		char small[CHARSET_PENDING_MAX];
		struct str piece = { small, charset->pending_count + 1 };
		const char *rest;

		memcpy(small, charset->pending, charset->pending_count);
		small[charset->pending_count] = in.p[used++];
		rest = convert(charset, piece, out);
		keep_pending(charset, rest, (size_t)(small + piece.n - rest));
	}
	return used;
}

void charset_feed(struct charset *charset, struct str in, struct buf *out)
{
	const char *rest;

	if (charset->pending_count > 0)
		in = str_from_at(in, complete_pending(charset, in, out));
	if (in.n == 0)
		return;
	rest = convert(charset, in, out);
	keep_pending(charset, rest, (size_t)(in.p + in.n - rest));
}

void charset_finish(struct charset *charset, struct buf *out)
{
	if (charset->pending_count > 0)
		BUF_ADD(out, REPLACEMENT);
	charset->pending_count = 0;
	if (charset->kind == CHARSET_ICONV) {
		char block[64], *dst = block;
		size_t room = sizeof(block);

		/* the converter may hold a character back, for marks that would combine with it */
		(void)iconv(charset->iconv, NULL, NULL, &dst, &room);
		buf_add(out, block, sizeof(block) - room);
	}
}

enum errc charset_to_utf8(struct str name, struct str in, struct buf *out, struct err *err)
{
	struct charset charset;
	enum errc rc = charset_open(&charset, name, err);

	if (rc != OK)
		return rc;
	charset_feed(&charset, in, out);
	charset_finish(&charset, out);
	charset_close(&charset);
	return OK;
}

void charset_to_utf8_lenient(struct str name, struct str in, struct buf *out)
{
	struct charset charset;

	charset_open_lenient(&charset, name);
	charset_feed(&charset, in, out);
	charset_finish(&charset, out);
	charset_close(&charset);
}
