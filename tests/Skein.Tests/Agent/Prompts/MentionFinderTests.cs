using System.Text;
using Skein.Agent.Prompts;
using Skein.Testing;

namespace Skein.Tests.Agent.Prompts;

public sealed class MentionFinderTests : IDisposable
{
    private static readonly byte[] s_png = [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10, 0, 0, 0, 13];

    private readonly TempFolder _folder = new();

    public MentionFinderTests()
    {
        _folder.Write("work/a.cs", "one\ntwo\nthree\n");
        _folder.Write("work/src/b.md", "# B");
        _folder.Write("work/two words.txt", "both");
        _folder.Write("work/odd.", "odd");
        _folder.Write("work/empty", "");
        _folder.Write("work/zeros", "a\0b");
        _folder.Write("home/keys.json", "{}");
        File.WriteAllBytes(Path.Combine(_folder.Below("work"), "goose.bin"), s_png);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Explain @a.cs", "a.cs", "one\ntwo\nthree\n")]
    [InlineData("@a.cs", "a.cs", "one\ntwo\nthree\n")]
    [InlineData("Is it in @src/b.md?", "src/b.md", "# B")]
    [InlineData("Look (see\n@src/b.md).", "src/b.md", "# B")]
    [InlineData("@a.cs:2 is wrong", "a.cs:2", "two\n")]
    [InlineData("@a.cs:2-3, I think", "a.cs:2-3", "two\nthree\n")]
    [InlineData("@a.cs:2-99", "a.cs:2-99", "two\nthree\n")]
    [InlineData("@\"two words.txt\" says", "two words.txt", "both")]
    [InlineData("@\"two words.txt\":1 says", "two words.txt:1", "both\n")]
    [InlineData("@odd. Yes.", "odd.", "odd")]
    [InlineData("@empty", "empty", "")]
    public async Task A_file_that_is_named_is_attached_with_the_lines_that_are_meant(string prompt, string name, string text)
    {
        var found = await FindAsync(prompt);

        var file = Assert.Single(found.Files);
        Assert.Equal((name, "text/plain", text), (file.Name, file.MediaType, Encoding.UTF8.GetString(file.Content)));
        Assert.Empty(found.Problems);
    }

    [Fact]
    public async Task An_image_is_known_by_its_content()
    {
        var file = Assert.Single((await FindAsync("What is on @goose.bin ?")).Files);

        Assert.Equal(("goose.bin", "image/png"), (file.Name, file.MediaType));
        Assert.Equal(s_png, file.Content);
    }

    [Fact]
    public async Task Several_are_attached_in_their_order_each_once() =>
        Assert.Equal(["src/b.md", "a.cs"], (await FindAsync("Compare @src/b.md with @a.cs and @src/b.md")).Files.Select(f => f.Name));

    [Theory]
    [InlineData("Ask @ada, or mail ada@example.org")]
    [InlineData("@Override and @app.route('/x') and @Foo<Bar>")]
    [InlineData("@ @@ @. @, @")]
    [InlineData("a@a.cs")]
    public async Task What_is_no_file_and_looks_like_none_is_text(string prompt)
    {
        var found = await FindAsync(prompt);

        Assert.Empty(found.Files);
        Assert.DoesNotContain(found.Problems, p => p.Contains("no such file", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("@gone.cs", "@gone.cs was not attached: there is no such file.")]
    [InlineData("@src/gone", "@src/gone was not attached: there is no such file.")]
    [InlineData("@gone.cs:1-2 is", "@gone.cs:1-2 was not attached: there is no such file.")]
    [InlineData("@src", "@src was not attached: it is a folder: name a file in it.")]
    [InlineData("@a.cs:4", "@a.cs:4 was not attached: it has 3 lines, and 4-4 are none of them.")]
    [InlineData("@a.cs:3-2", "@a.cs:3-2 was not attached: it has 3 lines, and 3-2 are none of them.")]
    [InlineData("@zeros", "@zeros was not attached: it is neither a text nor an image.")]
    [InlineData("@../home/keys.json", "@../home/keys.json was not attached: '../home/keys.json' is in a folder of Skein's own, which tools cannot reach.")]
    public async Task What_cannot_be_attached_is_told(string prompt, string problem)
    {
        var found = await FindAsync(prompt);

        Assert.Empty(found.Files);
        Assert.Equal([problem], found.Problems);
    }

    [Fact]
    public async Task A_link_into_a_folder_of_Skein_s_own_leads_nowhere()
    {
        File.CreateSymbolicLink(Path.Combine(_folder.Below("work"), "link.json"), Path.Combine(_folder.Below("home"), "keys.json"));

        Assert.Contains("folder of Skein's own", Assert.Single((await FindAsync("@link.json")).Problems), StringComparison.Ordinal);
    }

    private Task<MentionedFiles> FindAsync(string prompt) => new MentionFinder(_folder.Below("work"), [_folder.Below("home")]).FindAsync(prompt, Cancellation);
}
