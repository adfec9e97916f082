using System.Text.Json.Serialization;

namespace Skein.Core;

/// <summary>How much a model is asked to think before it answers.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Effort>))]
public enum Effort
{
    /// <summary>Not at all, where the model can.</summary>
    [JsonStringEnumMemberName("none")] None,
    [JsonStringEnumMemberName("low")] Low,
    [JsonStringEnumMemberName("medium")] Medium,
    [JsonStringEnumMemberName("high")] High,

    /// <summary>As much as there is.</summary>
    [JsonStringEnumMemberName("max")] Max,
}
