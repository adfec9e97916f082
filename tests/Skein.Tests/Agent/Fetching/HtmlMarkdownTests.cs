using System.Text;
using Skein.Agent.Fetching;

namespace Skein.Tests.Agent.Fetching;

public sealed class HtmlMarkdownTests
{
    private static readonly Uri s_url = new("https://example.org/docs/page");

    [Theory]
    [InlineData("<h1>A  title</h1><p>One\n two</p><p>Three<br>four", "# A title\n\nOne two\n\nThree\nfour")]
    [InlineData("<p>Say <b>it</b> <em> so </em>, <code>x &lt; y</code>.</p>", "Say **it** *so* , `x < y`.")]
    [InlineData("<p><b></b>a<i> </i>b</p>", "a b")]
    [InlineData("<b><p>One<p>Two</b>", "One\n\n**Two**")]
    [InlineData("<a href='../a?b=c&amp;d#e'>there</a> <a href='javascript:x()'>no</a> <a href='#top'>top</a>", "[there](https://example.org/a?b=c&d#e) no top")]
    [InlineData("<a href=/card><div>Title</div><div>Text</div></a>", "Title\n\nText\n\n<https://example.org/card>")]
    [InlineData("<img src=a.png alt='A goose'><img src=b.png><img alt=inline src='data:image/png;base64,AA'>", "![A goose](https://example.org/docs/a.png)![inline]")]
    [InlineData("<ul><li>one<li>two<ol start=3><li>a<li>b</ol><li>three</ul>", "- one\n- two\n  1. a\n  2. b\n- three")]
    [InlineData("<ul><li><p>one</p><p>more</p></li></ul>", "- one\n\n  more")]
    [InlineData("<blockquote><p>a</p><blockquote>b</blockquote></blockquote>c", "> a\n>\n> > b\n\nc")]
    [InlineData("<pre><code class='x language-cs'>int a;\n\n  b();\n</code></pre>", "```cs\nint a;\n\n  b();\n```")]
    [InlineData("<pre>```\nx\n```</pre>", "````\n```\nx\n```\n````")]
    [InlineData("<table><tr><th>a<th>b<tr><td>1|2<td><code>x</code></table>", "| a | b |\n| --- | --- |\n| 1\\|2 | `x` |")]
    [InlineData("<table><tr><td><table><tr><td>in</table><td><p>out</p></table>", "| in |\n| --- |\n\nout")]
    [InlineData("<dl><dt>goose<dd>a bird<dd>a fool</dl>", "goose\n: a bird\n: a fool")]
    [InlineData("a<hr>b", "a\n\n---\n\nb")]
    public void Html_becomes_markdown(string html, string markdown) => Assert.Equal(markdown, Convert(html));

    [Theory]
    [InlineData("<title>T &amp; U</title><p>x", "# T & U\n\nx")]
    [InlineData("<title>T</title><h1>H</h1>", "# H")]
    [InlineData("<header>head</header><nav>links</nav><main><p>it</main><footer>foot</footer>", "it")]
    [InlineData("<p>before<article>it</article>", "it")]
    [InlineData("<script>a()</script><style>b</style><p hidden>c<p style='display : none'>d<p aria-hidden=true>e<template>f</template><p>seen<!-- g -->", "seen")]
    [InlineData("<base href='https://other.example/x/'><a href=y>z</a>", "[z](https://other.example/x/y)")]
    [InlineData("", "")]
    [InlineData("\0\0<", "<")]
    public void What_a_reader_sees_is_taken_and_no_more(string html, string markdown) => Assert.Equal(markdown, Convert(html));

    [Theory]
    [InlineData(null, "<meta charset=windows-1252><p>\u0093a\u0094", "“a”")]
    [InlineData("windows-1252", "<meta charset=utf-8><p>\u0093a\u0094", "“a”")]
    [InlineData("iso-8859-1", "<p>\u00e9", "é")]
    public void The_server_s_encoding_goes_before_the_page_s(string? encoding, string latin1, string markdown) => Assert.Equal(
        markdown,
        HtmlMarkdown.Of(Encoding.Latin1.GetBytes(latin1), encoding is null ? null : CodePagesEncodingProvider.Instance.GetEncoding(encoding) ?? Encoding.GetEncoding(encoding), s_url, TestContext.Current.CancellationToken));

    [Theory]
    [InlineData("<div>")]
    [InlineData("<blockquote>")]
    [InlineData("<ul><li>")]
    [InlineData("<table><tr><td>")]
    public void However_deep_a_page_is_it_is_read(string piece) =>
        Assert.EndsWith("deep", Convert(string.Concat(Enumerable.Repeat(piece, 3_000)) + "deep"), StringComparison.Ordinal);

    [Fact]
    public async Task A_page_that_is_made_to_take_for_ever_is_left_when_its_time_is_over()
    {
        using var timer = new CancellationTokenSource();
        var reading = Task.Run(() => HtmlMarkdown.Of(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("<div>", 1_000_000))), null, s_url, timer.Token), TestContext.Current.CancellationToken);

        await timer.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_large_table_and_a_block_of_nothing_but_ticks_are_read_in_one_pass()
    {
        var table = $"<table>{string.Concat(Enumerable.Repeat("<tr><td>a<td>b<td>c", 30_000))}</table>";
        var ticks = $"<pre>{new string('`', 2_000_000)}</pre>";

        var read = await Task.Run(() => (Convert(table), Convert(ticks)), TestContext.Current.CancellationToken);

        Assert.EndsWith("| a | b | c |", read.Item1, StringComparison.Ordinal);
        Assert.StartsWith(new string('`', 2_000_001) + "\n", read.Item2, StringComparison.Ordinal);
    }

    private static string Convert(string html) => HtmlMarkdown.Of(Encoding.UTF8.GetBytes(html), null, s_url, TestContext.Current.CancellationToken);
}
