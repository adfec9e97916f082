using Skein.Core;

namespace Skein.Tests.Core;

public sealed class TextCutTests
{
    [Theory]
    [InlineData("geese", 5, "geese")]
    [InlineData("geese", 4, "gees…")]
    [InlineData("geese", 0, "…")]
    [InlineData("a🪿b", 4, "a🪿b")]
    [InlineData("a🪿b", 3, "a🪿…")]
    [InlineData("a🪿b", 2, "a…")]
    [InlineData("a🪿b", 1, "a…")]
    public void A_head_never_ends_within_a_character(string text, int most, string head) =>
        Assert.Equal(head, TextCut.Head(text, most, "…"));

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 1, 1)]
    [InlineData(2, 1, 3)]
    [InlineData(3, 3, 3)]
    [InlineData(4, 4, 4)]
    public void A_place_within_a_character_is_moved_to_its_beginning_or_its_end(int at, int before, int after) =>
        Assert.Equal((before, after), (TextCut.Before("a🪿b", at), TextCut.After("a🪿b", at)));
}
